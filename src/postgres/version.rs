//! The major versions of PostgreSQL that dbgen knows.

use std::fmt;

/// A supported major version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

impl Version {
    /// The oldest one known.
    pub const OLDEST: Version = Version(14);
    /// The newest one known.
    pub const NEWEST: Version = Version(18);
    /// All of them, oldest first.
    pub const ALL: [Version; 5] = [
        Version(14),
        Version(15),
        Version(16),
        Version(17),
        Version(18),
    ];

    /// The version of this major number, if it is one of [`Version::ALL`].
    pub fn new(major: i64) -> Option<Version> {
        let major = u8::try_from(major).ok()?;
        Version::ALL.into_iter().find(|version| version.0 == major)
    }

    /// The major number.
    pub fn major(self) -> u8 {
        self.0
    }

    pub(crate) const fn known(major: u8) -> Version {
        assert!(major >= 14 && major <= 18);
        Version(major)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_majors_are_versions() {
        assert_eq!(Version::new(16).map(|v| v.to_string()), Some("16".into()));
        for major in [i64::MIN, -1, 0, 13, 19, 256 + 16, i64::MAX] {
            assert_eq!(Version::new(major), None, "{major}");
        }
        assert_eq!(Version::new(14), Some(Version::OLDEST));
        assert_eq!(Version::new(18), Some(Version::NEWEST));
        assert!(Version::ALL.is_sorted());
    }
}
