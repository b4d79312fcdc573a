//! Refuses templates that print inside a Nix string or comment, where a literal would not stay one.

/// Where a template opens a tag within a Nix string or comment, in bytes.
pub(super) fn misplaced_tag(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut open = vec![Open::Code];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let inside = open.len() > 1;
        if rest.starts_with(b"{{") || rest.starts_with(b"{%") || rest.starts_with(b"{#") {
            if inside && !rest.starts_with(b"{#") {
                return Some(at);
            }
            at = tag_end(bytes, at);
            continue;
        }
        let (step, change) = match open.last() {
            Some(Open::Line) => line_step(rest),
            Some(Open::Block) => block_step(rest),
            Some(Open::Text) => text_step(rest),
            Some(Open::Indented) => indented_step(rest),
            Some(Open::Code | Open::Interpolation) | None => code_step(rest),
        };
        at += step;
        match change {
            Change::Push(kind) => open.push(kind),
            Change::Pop if open.len() > 1 => {
                open.pop();
            }
            Change::Pop | Change::Stay => {}
        }
        // A brace of code within `${ }` must not end it, so it is tracked like one; at the top they don't matter.
        if inside && change == Change::Stay && rest[0] == b'{' && in_code(&open) {
            open.push(Open::Interpolation);
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Code,
    Interpolation,
    Line,
    Block,
    Text,
    Indented,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Stay,
    Push(Open),
    Pop,
}

fn in_code(open: &[Open]) -> bool {
    matches!(open.last(), Some(Open::Code | Open::Interpolation))
}

fn code_step(rest: &[u8]) -> (usize, Change) {
    match rest {
        [b'#', ..] => (1, Change::Push(Open::Line)),
        [b'/', b'*', ..] => (2, Change::Push(Open::Block)),
        [b'"', ..] => (1, Change::Push(Open::Text)),
        [b'\'', b'\'', ..] => (2, Change::Push(Open::Indented)),
        [b'}', ..] => (1, Change::Pop),
        // `a'` is a name, and `a''` too.
        [byte, ..] if byte.is_ascii_alphabetic() || *byte == b'_' => {
            (name_length(rest), Change::Stay)
        }
        _ => (1, Change::Stay),
    }
}

fn name_length(rest: &[u8]) -> usize {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\'');
    rest.iter().take_while(|byte| part(byte)).count().max(1)
}

fn line_step(rest: &[u8]) -> (usize, Change) {
    match rest {
        [b'\n' | b'\r', ..] => (1, Change::Pop),
        _ => (1, Change::Stay),
    }
}

fn block_step(rest: &[u8]) -> (usize, Change) {
    match rest {
        [b'*', b'/', ..] => (2, Change::Pop),
        _ => (1, Change::Stay),
    }
}

fn text_step(rest: &[u8]) -> (usize, Change) {
    match rest {
        [b'"', ..] => (1, Change::Pop),
        [b'\\', _, ..] | [b'$', b'$', ..] => (2, Change::Stay),
        [b'$', b'{', ..] => (2, Change::Push(Open::Interpolation)),
        _ => (1, Change::Stay),
    }
}

fn indented_step(rest: &[u8]) -> (usize, Change) {
    match rest {
        [b'\'', b'\'', b'\'' | b'$', ..] => (3, Change::Stay),
        [b'\'', b'\'', b'\\', _, ..] => (4, Change::Stay),
        [b'\'', b'\'', ..] => (2, Change::Pop),
        [b'$', b'$', ..] => (2, Change::Stay),
        [b'$', b'{', ..] => (2, Change::Push(Open::Interpolation)),
        _ => (1, Change::Stay),
    }
}

/// The end of the template tag that begins at `start`; strings within it may hold its end mark.
fn tag_end(bytes: &[u8], start: usize) -> usize {
    let (close, comment) = match bytes[start + 1] {
        b'{' => (b"}}", false),
        b'%' => (b"%}", false),
        _ => (b"#}", true),
    };
    let mut quote = None;
    let mut at = start + 2;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(mark), byte) if byte == mark => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) if !comment => quote = Some(byte),
            (None, _) if bytes[at..].starts_with(close) => return at + 2,
            (None, _) => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::misplaced_tag;

    #[test]
    fn tags_between_tokens_are_in_order() {
        for source in [
            "{ a = {{ a }}; b = \"x\"; c = {{ c }}; }",
            "# it's a comment\n{ a = {{ a }}; }",
            "{ a = ''\n  it's \"open\n''; b = {{ \"}}\" }}; }",
            "{ f' = {{ a }}; f'' = {{ b }}; }",
            "{ a = \"${x { a = { }; }}\"; b = {{ b }}; }",
            "{# it's #}{ a = {{ a }}; }",
        ] {
            assert_eq!(misplaced_tag(source), None, "{source}");
        }
    }

    #[test]
    fn tags_within_strings_and_comments_are_found() {
        for source in [
            "{ a = \"{{ a }}\"; }",
            "{ a = ''{{ a }}''; }",
            "{ a = \"${ {{ a }} }\"; }",
            "# {{ a }}\n{ }",
            "/* {{ a }} */ { }",
            "{ a = \"x{% if y %}\"{% endif %}; }",
            "{ a = \"\\\"{{ a }}\"; }",
            "{ a = \"$${{ a }}\"; }",
        ] {
            assert!(misplaced_tag(source).is_some(), "{source}");
        }
    }
}
