//! Units of parameters (manual: "Parameter Names and Values").

use std::fmt;

/// What the number one means for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Byte,
    /// 1024 bytes.
    Kilobyte,
    /// Pages of 8 kB.
    Block,
    /// 1024 kB.
    Megabyte,
    /// Milliseconds.
    Millisecond,
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
}

const MEMORY: [(&str, f64); 5] = [
    ("TB", 1_099_511_627_776.0),
    ("GB", 1_073_741_824.0),
    ("MB", 1_048_576.0),
    ("kB", 1024.0),
    ("B", 1.0),
];
const TIME: [(&str, f64); 6] = [
    ("d", 86_400_000_000.0),
    ("h", 3_600_000_000.0),
    ("min", 60_000_000.0),
    ("s", 1_000_000.0),
    ("ms", 1000.0),
    ("us", 1.0),
];

impl Unit {
    /// As in `pg_settings.unit`.
    pub(super) fn named(name: &str) -> Option<Unit> {
        Some(match name {
            "B" => Unit::Byte,
            "kB" => Unit::Kilobyte,
            "8kB" => Unit::Block,
            "MB" => Unit::Megabyte,
            "ms" => Unit::Millisecond,
            "s" => Unit::Second,
            "min" => Unit::Minute,
            _ => return None,
        })
    }

    /// As in `pg_settings.unit`: `B`, `kB`, `8kB`, `MB`, `ms`, `s`, `min`.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Byte => "B",
            Unit::Kilobyte => "kB",
            Unit::Block => "8kB",
            Unit::Megabyte => "MB",
            Unit::Millisecond => "ms",
            Unit::Second => "s",
            Unit::Minute => "min",
        }
    }

    /// What can be written after a number, greatest first; upper and lower case matter.
    pub fn suffixes(self) -> impl Iterator<Item = &'static str> {
        self.scale().0.iter().map(|(name, _)| *name)
    }

    /// All suffixes of the dimension with their size in its least one, and the size of this unit.
    fn scale(self) -> (&'static [(&'static str, f64)], f64) {
        match self {
            Unit::Byte => (&MEMORY, 1.0),
            Unit::Kilobyte => (&MEMORY, 1024.0),
            Unit::Block => (&MEMORY, 8192.0),
            Unit::Megabyte => (&MEMORY, 1_048_576.0),
            Unit::Millisecond => (&TIME, 1000.0),
            Unit::Second => (&TIME, 1_000_000.0),
            Unit::Minute => (&TIME, 60_000_000.0),
        }
    }

    /// So many of `suffix`, in this unit; a fraction is rounded to whole ones of the next smaller suffix, as the server does.
    pub(super) fn convert(self, number: f64, suffix: &str) -> Option<f64> {
        let (suffixes, one) = self.scale();
        let at = suffixes.iter().position(|(name, _)| *name == suffix)?;
        let size = suffixes.get(at)?.1;
        let converted = number * (size / one);
        Some(match suffixes.get(at + 1) {
            Some((_, smaller)) => {
                let multiplier = smaller / one;
                (converted / multiplier).round_ties_even() * multiplier
            }
            None => converted,
        })
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_scale_to_the_unit() {
        assert_eq!(Unit::Kilobyte.convert(1.0, "GB"), Some(1_048_576.0));
        assert_eq!(Unit::Block.convert(16.0, "kB"), Some(2.0));
        assert_eq!(Unit::Second.convert(1500.0, "ms"), Some(1.5));
        assert_eq!(Unit::Kilobyte.convert(1.0, "KB"), None);
        assert_eq!(Unit::Kilobyte.convert(1.0, "s"), None);
    }
}
