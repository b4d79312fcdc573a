//! The few lines of a file that a finding shows, cut so that their size does not depend on the file's.

use std::ops::Range;

use super::escape::is_hostile;
use super::place::{IndexedFile, Place};

/// Marks that are not more lines apart than this are shown in one excerpt.
const NEAR_LINES: usize = 8;
/// A mark over more lines than this is shown on its first line only.
const MOST_LINES: usize = 8;
/// Lines longer than this many characters are cut.
const LONGEST_LINE: usize = 140;
/// How many characters are kept before the first mark of a cut line.
const KEPT_BEFORE: usize = 40;

/// A marked place, and what is said about it.
#[derive(Clone, Debug)]
pub(super) struct Mark<'d> {
    pub place: Place<'d>,
    pub text: &'d str,
    pub primary: bool,
}

/// Lines of one file, with marks in bytes of `text`.
#[derive(Debug)]
pub(super) struct Excerpt<'d> {
    /// The first mark: where the excerpt is said to be.
    pub at: Place<'d>,
    /// The number of the first line.
    pub first_line: usize,
    /// Lines as they are shown, each with its line break.
    pub text: String,
    /// The marks: place in `text`, words, whether it is the primary one.
    pub marks: Vec<(Range<usize>, &'d str, bool)>,
}

/// A mark, as lines (from 0) and bytes of its file.
#[derive(Clone, Debug)]
struct Stretch<'d> {
    mark: Mark<'d>,
    lines: Range<usize>,
    bytes: Range<usize>,
}

/// The excerpts for the marks of one finding, the one with the primary mark first.
pub(super) fn excerpts<'d>(marks: Vec<Mark<'d>>) -> Vec<Excerpt<'d>> {
    let mut stretches: Vec<Stretch<'d>> = marks.into_iter().map(stretch).collect();
    let file = |stretch: &Stretch<'d>| std::ptr::from_ref(stretch.mark.place.file);
    stretches.sort_by_key(|stretch| (stretch.mark.place.file.name, stretch.bytes.start));
    let near = |a: &Stretch<'d>, b: &Stretch<'d>| file(a) == file(b) && is_near(a, b);
    let mut groups: Vec<Excerpt<'d>> = stretches.chunk_by(near).map(excerpt).collect();
    groups.sort_by_key(|group| !group.marks.iter().any(|(_, _, primary)| *primary));
    groups
}

fn stretch(mark: Mark<'_>) -> Stretch<'_> {
    let Place { file, start, end } = mark.place;
    let first = start.line - 1;
    let mut lines = first..end.line;
    let mut stop = end.offset;
    // A range that ends with a line break does not reach into the next line.
    if end.column == 1 && lines.len() > 1 {
        lines.end -= 1;
        stop = file.index().line_range(file.text, lines.end - 1).end;
    }
    if lines.len() > MOST_LINES {
        lines.end = first + 1;
        stop = file.index().line_range(file.text, first).end;
    }
    Stretch {
        lines,
        bytes: start.offset..stop.max(start.offset),
        mark,
    }
}

fn is_near(a: &Stretch<'_>, b: &Stretch<'_>) -> bool {
    b.lines.start < a.lines.end + NEAR_LINES
        && (a.lines.start != b.lines.start || b.bytes.start - a.bytes.start < LONGEST_LINE / 2)
}

fn excerpt<'d>(stretches: &[Stretch<'d>]) -> Excerpt<'d> {
    let first = &stretches[0];
    let file = first.mark.place.file;
    let last_line = stretches
        .iter()
        .map(|stretch| stretch.lines.end)
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    let mut marks: Vec<_> = vec![(0..0, "", false); stretches.len()];
    for line in first.lines.start..last_line {
        let shown = ShownLine::new(file, line, stretches);
        for (stretch, mark) in stretches.iter().zip(&mut marks) {
            if stretch.lines.start == line {
                mark.0.start = text.len() + shown.offset(stretch.bytes.start);
                (mark.1, mark.2) = (stretch.mark.text, stretch.mark.primary);
            }
            if stretch.lines.end == line + 1 {
                mark.0.end = (text.len() + shown.offset(stretch.bytes.end)).max(mark.0.start);
            }
        }
        text.push_str(&shown.text);
        text.push('\n');
    }
    let at = stretches
        .iter()
        .find(|stretch| stretch.mark.primary)
        .unwrap_or(first)
        .mark
        .place;
    Excerpt {
        at,
        first_line: first.lines.start + 1,
        text,
        marks,
    }
}

/// A line as it is shown, with the way from bytes of the file to bytes of the shown text.
struct ShownLine {
    text: String,
    /// For each character: its offset in the file, and in `text`.
    offsets: Vec<(usize, usize)>,
}

impl ShownLine {
    fn new(file: &IndexedFile<'_>, line: usize, stretches: &[Stretch<'_>]) -> ShownLine {
        let whole = file.index().line_range(file.text, line);
        let starts = stretches
            .iter()
            .filter(|stretch| stretch.lines.start == line);
        let first_mark = starts
            .map(|stretch| stretch.bytes.start)
            .min()
            .unwrap_or(whole.start);
        let window = window(
            file.text,
            whole.clone(),
            first_mark.clamp(whole.start, whole.end),
        );
        let mut text = String::from(if window.start > whole.start {
            "…"
        } else {
            ""
        });
        let mut offsets = Vec::new();
        for (at, c) in file.text[window.clone()].char_indices() {
            offsets.push((window.start + at, text.len()));
            text.push(shown(c));
        }
        offsets.push((window.end, text.len()));
        if window.end < whole.end {
            text.push('…');
        }
        ShownLine { text, offsets }
    }

    /// Where the byte `at` of the file is shown; one outside of what is kept, at the nearer end.
    fn offset(&self, at: usize) -> usize {
        let index = self.offsets.partition_point(|(offset, _)| *offset < at);
        self.offsets
            .get(index)
            .or(self.offsets.last())
            .map_or(0, |(_, shown)| *shown)
    }
}

/// The part of a line that is shown: all of it, or some characters around `mark`.
fn window(text: &str, line: Range<usize>, mark: usize) -> Range<usize> {
    let after = |from: usize, characters: usize| {
        text[from..line.end]
            .char_indices()
            .nth(characters)
            .map(|(at, _)| from + at)
    };
    if after(line.start, LONGEST_LINE).is_none() {
        return line;
    }
    let before = text[line.start..mark]
        .char_indices()
        .rev()
        .nth(KEPT_BEFORE - 1);
    let start = before.map_or(line.start, |(at, _)| line.start + at);
    start..after(start, LONGEST_LINE - KEPT_BEFORE).unwrap_or(line.end)
}

/// The tab and the C0 controls are left for annotate-snippets, which shows spaces and control pictures.
fn shown(c: char) -> char {
    if is_hostile(c) && !c.is_ascii() {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}
