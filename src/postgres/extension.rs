//! Extensions: those that come with PostgreSQL (manual: "Additional Supplied Modules and Extensions") and those that nixpkgs packages
//! (pkgs/servers/sql/postgresql/ext), whose names often differ from their packages'.

mod table;

use super::Version;
use table::EXTENSIONS;

/// What `CREATE EXTENSION` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name.
    pub name: &'static str,
    /// The attribute of `postgresqlPackages` that has it; none if it comes with the server.
    pub package: Option<&'static str>,
    /// The library that goes into `shared_preload_libraries`.
    pub preload: Option<Preload>,
    /// The extensions that must be there before, or come with CASCADE.
    pub requires: &'static [&'static str],
    /// Whether who may create objects in the database may create the extension, without being a superuser. Known only of those that come
    /// with the server.
    pub trusted: bool,
    /// The first known major that has it.
    pub since: Version,
    /// The last known major that has it.
    pub until: Version,
}

/// A library to load when the server starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preload {
    /// Its name in `shared_preload_libraries`.
    pub library: &'static str,
    /// Without it the extension cannot be created or does nothing; otherwise a part of it needs the library.
    pub required: bool,
}

/// Finds an extension by its exact name. Others may exist: this list is not the world.
pub fn lookup(name: &str) -> Option<&'static Extension> {
    let at = EXTENSIONS
        .binary_search_by(|extension| extension.name.cmp(name))
        .ok()?;
    EXTENSIONS.get(at)
}

/// The extension that was probably meant: one of that package (`pgvector` is `vector`), or one with nearly that name.
pub fn nearest(name: &str) -> Option<&'static Extension> {
    let limit = (name.chars().count() / 4).max(1);
    let of_package = EXTENSIONS
        .iter()
        .find(|extension| extension.name != name && extension.package == Some(name));
    of_package.or_else(|| {
        EXTENSIONS
            .iter()
            .map(|extension| (strsim::osa_distance(name, extension.name), extension))
            .filter(|(distance, _)| (1..=limit).contains(distance))
            .min_by_key(|(distance, extension)| (*distance, extension.name))
            .map(|(_, extension)| extension)
    })
}

/// All that are known, sorted by name.
pub fn all() -> &'static [Extension] {
    &EXTENSIONS
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_closed() {
        assert!(EXTENSIONS.is_sorted_by(|a, b| a.name < b.name));
        for extension in all() {
            assert_eq!(lookup(extension.name), Some(extension));
            for required in extension.requires {
                assert!(
                    lookup(required).is_some(),
                    "{} requires {required}",
                    extension.name
                );
            }
        }
    }

    #[test]
    fn packages_and_libraries_have_names_of_their_own() {
        let vector = lookup("vector").unwrap();
        assert_eq!((vector.package, vector.preload), (Some("pgvector"), None));
        let vchord = lookup("vchord").unwrap();
        assert_eq!(vchord.package, Some("vectorchord"));
        assert_eq!(vchord.requires, ["vector"]);
        assert!(
            vchord
                .preload
                .is_some_and(|p| p.library == "vchord" && p.required)
        );
        assert_eq!(lookup("uuid-ossp").unwrap().package, None);
        assert_eq!(lookup("pg_walinspect").unwrap().since.major(), 15);
        assert_eq!(lookup("adminpack").unwrap().until.major(), 16);
        assert_eq!(lookup("pgvector"), None);
    }

    #[test]
    fn the_name_of_a_package_or_a_slip_leads_to_the_extension() {
        let name = |name| nearest(name).map(|extension| extension.name);
        assert_eq!(name("pgvector"), Some("vector"));
        assert_eq!(name("vectorchord"), Some("vchord"));
        assert_eq!(name("pgsql-http"), Some("http"));
        assert_eq!(name("uuid_ossp"), Some("uuid-ossp"));
        assert_eq!(name("postgiss"), Some("postgis"));
        assert_eq!(name("nothing-like-it"), None);
    }
}
