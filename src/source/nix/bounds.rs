//! What may be given to rnix at all.
//!
//! rnix overflows the stack on long chains of brackets and operators, and needs quadratic time for long dotted
//! names, applications and chains. This walk over its tokens measures all of them before the parser runs. It must
//! never count less than the parser nests; where text is broken, it stops to forget what it has counted.

use rnix::SyntaxKind::{self, *};

use super::Place;
use super::errors::token_name;
use crate::check::nesting_too_deep::NESTING_TOO_DEEP;
use crate::check::syntax_error::SYNTAX_ERROR;
use crate::diagnostic::Diagnostic;

/// How deep brackets, interpolations and `let` may be nested. With [`LONGEST_CHAIN`] below rnix's own limit of 512.
const DEEPEST: usize = 120;

/// How many links the chains of operators, operands and keywords may have that are open at one place.
const LONGEST_CHAIN: usize = 384;

/// How many characters a run of names, dots and signs (and `<`) may have after its first token. The tokenizer looks at the
/// rest of such a run for each token in it.
const LONGEST_RUN: usize = 4096;

/// What is too much, and where.
#[derive(Debug)]
pub(super) enum Excess {
    /// Brackets in brackets.
    Nesting(usize),
    /// One expression with too many parts.
    Chain(usize),
    /// The text is broken there, and what follows can't be measured.
    Broken(usize, SyntaxKind),
}

impl Excess {
    pub(super) fn finding(&self, place: Place) -> Diagnostic {
        let at = |offset: usize| place.span(offset, offset + 1);
        let finding = match *self {
            Excess::Nesting(offset) => Diagnostic::new(
                &NESTING_TOO_DEEP,
                at(offset),
                format!("nested deeper than {DEEPEST}"),
            ),
            Excess::Chain(offset) => Diagnostic::new(
                &NESTING_TOO_DEEP,
                at(offset),
                "an expression of too many parts in a chain",
            ),
            Excess::Broken(offset, kind) => {
                return Diagnostic::new(
                    &SYNTAX_ERROR,
                    at(offset),
                    format!("unexpected {}", token_name(kind)),
                );
            }
        };
        finding.help("dbgen reads literals only: write the values out, or give dbgen what `nix eval --json` prints")
    }
}

/// One open bracket, interpolation or `let`.
struct Frame {
    opener: SyntaxKind,
    /// Links of the chains since the last binding or element began.
    chain: usize,
    /// `with` and `assert` whose semicolon has not come.
    owed: usize,
    inherit: bool,
}

impl Frame {
    fn new(opener: SyntaxKind) -> Frame {
        Frame {
            opener,
            chain: 0,
            owed: 0,
            inherit: false,
        }
    }
}

/// The most weight (open brackets and links) at any place of `text`.
pub(super) fn weight(text: &str) -> Result<usize, Excess> {
    let mut frames = vec![Frame::new(TOKEN_ERROR)];
    let (mut links, mut heaviest) = (0, 0);
    let (mut start, mut run_end) = (0, 0);
    let mut previous = TOKEN_ERROR;
    let mut broken = None;
    for (kind, token) in rnix::tokenize(text) {
        let offset = start;
        start += token.len();
        if offset >= run_end {
            run_end = offset
                + text.as_bytes()[offset..]
                    .iter()
                    .take_while(|byte| is_run(**byte))
                    .count();
        } else if run_end - offset > LONGEST_RUN {
            return Err(Excess::Chain(offset));
        }
        if kind.is_trivia() {
            continue;
        }
        let before = std::mem::replace(&mut previous, kind);
        let depth = frames.len();
        let Some(frame) = frames.last_mut() else {
            break;
        };
        if broken.is_none() && breaks(frame.opener, before, kind) {
            broken = Some(Excess::Broken(offset, kind));
        }
        let forget = broken.is_none();
        links -= frame.chain;
        match kind {
            TOKEN_SEMICOLON if frame.owed > 0 => frame.owed -= 1,
            TOKEN_SEMICOLON | TOKEN_COMMA
                if forget
                    && matches!(frame.opener, TOKEN_L_BRACE | TOKEN_LET)
                    && (frame.inherit || ends_operand(before)) =>
            {
                *frame = Frame::new(frame.opener);
            }
            TOKEN_INHERIT => frame.inherit = true,
            TOKEN_WITH | TOKEN_ASSERT => {
                frame.owed += 1;
                frame.chain += 1;
            }
            TOKEN_STRING_END | TOKEN_STRING_CONTENT | TOKEN_ASSIGN => {}
            _ if closes(kind) || frame.inherit => {}
            _ if forget
                && frame.opener == TOKEN_L_BRACK
                && before != TOKEN_DOT
                && starts_operand(kind) =>
            {
                frame.chain = 1;
            }
            _ => frame.chain += 1,
        }
        links += frame.chain;
        if opens(kind) && !(before == TOKEN_LET && kind == TOKEN_L_BRACE) {
            if depth > DEEPEST {
                return Err(broken.unwrap_or(Excess::Nesting(offset)));
            }
            frames.push(Frame::new(kind));
        } else if forget && closes(kind) && depth > 1 {
            links -= frames.pop().map_or(0, |frame| frame.chain);
        }
        if links > LONGEST_CHAIN {
            return Err(broken.unwrap_or(Excess::Chain(offset)));
        }
        heaviest = heaviest.max(links + frames.len());
    }
    Ok(heaviest)
}

/// Whether `kind` after `before` shows that the brackets or the list in which it stands are not what they seem.
fn breaks(opener: SyntaxKind, before: SyntaxKind, kind: SyntaxKind) -> bool {
    match kind {
        TOKEN_ERROR => true,
        TOKEN_L_BRACK if before == TOKEN_DOT => true,
        TOKEN_R_PAREN => opener != TOKEN_L_PAREN,
        TOKEN_R_BRACK => opener != TOKEN_L_BRACK,
        // The braces of `let { .. }` have no frame but that of `let`.
        TOKEN_R_BRACE => !matches!(opener, TOKEN_L_BRACE | TOKEN_LET),
        TOKEN_INTERPOL_END => opener != TOKEN_INTERPOL_START,
        TOKEN_IN => opener != TOKEN_LET,
        _ if opener == TOKEN_L_BRACK => {
            let part = matches!(
                kind,
                TOKEN_DOT
                    | TOKEN_OR
                    | TOKEN_INTERPOL_START
                    | TOKEN_STRING_CONTENT
                    | TOKEN_STRING_END
            );
            !part && !starts_operand(kind) && !is_path(kind)
        }
        _ => false,
    }
}

fn opens(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        TOKEN_L_PAREN | TOKEN_L_BRACK | TOKEN_L_BRACE | TOKEN_INTERPOL_START | TOKEN_LET
    )
}

fn closes(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        TOKEN_R_PAREN | TOKEN_R_BRACK | TOKEN_R_BRACE | TOKEN_INTERPOL_END | TOKEN_IN
    )
}

fn starts_operand(kind: SyntaxKind) -> bool {
    kind.is_fn_arg() || kind.is_literal()
}

fn ends_operand(kind: SyntaxKind) -> bool {
    let closer = matches!(
        kind,
        TOKEN_R_PAREN | TOKEN_R_BRACK | TOKEN_R_BRACE | TOKEN_STRING_END | TOKEN_IDENT
    );
    closer || kind == TOKEN_ELLIPSIS || kind == TOKEN_OR || kind.is_literal()
}

fn is_path(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        TOKEN_PATH_ABS | TOKEN_PATH_REL | TOKEN_PATH_HOME | TOKEN_PATH_SEARCH
    )
}

fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'+' | b'-' | b'<')
}
