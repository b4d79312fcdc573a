//! Lines as the server joins them: a backslash at the end continues, whatever is around it.

/// A line with its continuations, and the number (from 1) of the first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Logical {
    pub(super) number: u32,
    pub(super) text: String,
}

pub(super) fn logical(text: &str) -> Vec<Logical> {
    let mut found = Vec::new();
    let mut physical = text.split_inclusive('\n');
    let mut number = 1_u32;
    loop {
        let mut joined = String::new();
        let mut last_join = 0;
        let mut taken = 0;
        for part in physical.by_ref() {
            taken += 1;
            // The server keeps lines as C strings.
            joined.push_str(part.split('\0').next().unwrap_or_default());
            joined.truncate(joined.trim_end_matches(['\n', '\r']).len());
            // Two backslashes and two line ends must not join three lines.
            if joined.len() > last_join && joined.ends_with('\\') {
                joined.pop();
                last_join = joined.len();
                continue;
            }
            break;
        }
        if taken == 0 {
            return found;
        }
        found.push(Logical {
            number,
            text: joined,
        });
        number = number.saturating_add(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(u32, String)> {
        logical(text)
            .into_iter()
            .map(|line| (line.number, line.text))
            .collect()
    }

    #[test]
    fn a_backslash_joins_lines_and_the_first_one_numbers_them() {
        assert_eq!(texts("a \\\nb\nc"), [(1, "a b".into()), (3, "c".into())]);
        assert_eq!(
            texts("# x \\\nb\r\nc"),
            [(1, "# x b".into()), (3, "c".into())]
        );
    }

    #[test]
    fn an_empty_continuation_ends_the_line() {
        assert_eq!(texts("a\\\\\n\nb"), [(1, "a\\".into()), (3, "b".into())]);
    }

    #[test]
    fn a_line_ends_where_a_zero_byte_is() {
        assert_eq!(texts("a\0b\nc"), [(1, "a".into()), (2, "c".into())]);
    }
}
