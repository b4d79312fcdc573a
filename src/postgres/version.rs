//! stub
/// stub
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);
impl Version {
    /// stub
    pub fn new(major: i64) -> Option<Version> {
        (14..=18).contains(&major).then_some(Version(major as u8))
    }
}
