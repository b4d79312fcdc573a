//! Literals as text that nixfmt (RFC 166) leaves as it is.
//!
//! nixfmt keeps a non-empty list or set on several lines when it is found so, which makes that the only form needed:
//! just a one-line value that does not fit behind its `name =` depends on the width, and moves to the next line.
//! Strings are the exception: nixfmt leaves them behind the `=`.

use std::fmt::{self, Write};

use super::literal::{Literal, Reference};
use super::text::{Text, is_bare_name, write_name, write_string};

/// nixfmt's line width, in characters.
const WIDTH: usize = 100;

const STEP: usize = 2;

/// `operand`: whether the value must be one primary expression, as list elements and arguments are.
pub(super) fn write_value<W: Write + ?Sized>(
    out: &mut W,
    value: &Literal,
    indent: usize,
    operand: bool,
) -> fmt::Result {
    match value {
        Literal::Null => out.write_str("null"),
        Literal::Bool(true) => out.write_str("true"),
        Literal::Bool(false) => out.write_str("false"),
        Literal::Int(number) => write_int(out, *number, operand),
        Literal::Str(text) => write_string(out, text.as_str()),
        Literal::Reference(reference) => write_reference(out, reference),
        Literal::List(items) if items.is_empty() => out.write_str("[ ]"),
        Literal::Lines(text) if text.is_empty() => out.write_str("[ ]"),
        Literal::Attrs(entries) if entries.is_empty() => out.write_str("{ }"),
        Literal::List(items) => {
            out.write_char('[')?;
            for item in items.iter() {
                new_line(out, indent + STEP)?;
                write_value(out, item, indent + STEP, true)?;
            }
            new_line(out, indent)?;
            out.write_char(']')
        }
        Literal::Lines(text) => {
            out.write_char('[')?;
            for line in text.split_terminator('\n') {
                new_line(out, indent + STEP)?;
                write_string(out, line)?;
            }
            new_line(out, indent)?;
            out.write_char(']')
        }
        Literal::Attrs(entries) => {
            out.write_char('{')?;
            for (name, entry) in entries.iter() {
                new_line(out, indent + STEP)?;
                write_binding(out, name, entry, indent + STEP)?;
            }
            new_line(out, indent)?;
            out.write_char('}')
        }
        Literal::Deferred(_) if !value.spans_lines() => out.write_str("{ }"),
        Literal::Deferred(set) => {
            out.write_char('{')?;
            for (at, name) in set.0.names().enumerate() {
                let entry = set.0.value(at).map_err(|_| fmt::Error)?;
                new_line(out, indent + STEP)?;
                write_binding(out, name, &entry, indent + STEP)?;
            }
            new_line(out, indent)?;
            out.write_char('}')
        }
        Literal::Packages(names) if operand => {
            out.write_char('(')?;
            write_packages(out, names, indent)?;
            out.write_char(')')
        }
        Literal::Packages(names) => write_packages(out, names, indent),
    }
}

pub(super) fn write_binding<W: Write + ?Sized>(
    out: &mut W,
    name: &Text,
    value: &Literal,
    indent: usize,
) -> fmt::Result {
    write_name(out, name)?;
    out.write_str(" =")?;
    let indent = if fits(name, value) {
        out.write_char(' ')?;
        indent
    } else {
        new_line(out, indent + STEP)?;
        indent + STEP
    };
    write_value(out, value, indent, false)?;
    out.write_char(';')
}

/// Whether nixfmt leaves the value on the line of its name; it doesn't count the indentation.
///
/// Behind a bare name, strings and brackets always stay; behind a quoted one, only if their first line fits.
fn fits(name: &Text, value: &Literal) -> bool {
    let bare = is_bare_name(name.as_str());
    let short = matches!(value, Literal::Null | Literal::Bool(_) | Literal::Int(_));
    if short && bare && name.as_str().len() <= WIDTH / 2 {
        return true;
    }
    let mut width = Width(0);
    let _ = match value {
        Literal::Str(_) | Literal::Int(i64::MIN) if bare => return true,
        Literal::List(_) | Literal::Lines(_) | Literal::Attrs(_) | Literal::Deferred(_)
            if bare && value.spans_lines() =>
        {
            return true;
        }
        Literal::Packages(_) if value.spans_lines() => width.write_str("ps: ["),
        _ if value.spans_lines() => width.write_str("["),
        Literal::Str(text) if text.as_str().len() > WIDTH * 4 => return false,
        _ => write_value(&mut width, value, 0, false),
    };
    if !value.spans_lines() {
        width.0 += ";".len();
    }
    let _ = write_name(&mut width, name);
    width.0 + " = ".len() <= WIDTH
}

/// Counts characters instead of keeping them.
struct Width(usize);

impl Write for Width {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.chars().count();
        Ok(())
    }
}

fn write_int<W: Write + ?Sized>(out: &mut W, number: i64, operand: bool) -> fmt::Result {
    match number {
        // Nix reads the digits first and the sign later, and 2^63 is no integer. nixfmt would break this one behind
        // a name of more than 70 characters.
        i64::MIN => write!(out, "({} - 1)", i64::MIN + 1),
        ..0 if operand => write!(out, "({number})"),
        _ => write!(out, "{number}"),
    }
}

fn write_reference<W: Write + ?Sized>(out: &mut W, reference: &Reference) -> fmt::Result {
    out.write_str(reference.root.name())?;
    if !reference.path.is_empty() {
        out.write_char('.')?;
    }
    write_path(out, &reference.path)
}

/// Writes names joined by dots.
pub(super) fn write_path<W: Write + ?Sized>(out: &mut W, names: &[Text]) -> fmt::Result {
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            out.write_char('.')?;
        }
        write_name(out, name)?;
    }
    Ok(())
}

fn write_packages<W: Write + ?Sized>(out: &mut W, names: &[Text], indent: usize) -> fmt::Result {
    if names.is_empty() {
        return out.write_str("_: [ ]");
    }
    out.write_str("ps: [")?;
    for name in names {
        new_line(out, indent + STEP)?;
        out.write_str("ps.")?;
        write_name(out, name)?;
    }
    new_line(out, indent)?;
    out.write_char(']')
}

fn new_line<W: Write + ?Sized>(out: &mut W, indent: usize) -> fmt::Result {
    const LINE: &str = "\n                                                                ";
    let (first, blanks) = (indent.min(LINE.len() - 1), &LINE[1..]);
    out.write_str(&LINE[..=first])?;
    let mut left = indent - first;
    while left > 0 {
        let part = left.min(blanks.len());
        out.write_str(&blanks[..part])?;
        left -= part;
    }
    Ok(())
}
