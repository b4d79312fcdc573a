//! The table of extensions, sorted by name. Those without a package were read from real servers of each major.

use super::{Extension, Preload};
use crate::postgres::Version;

const fn supplied(
    name: &'static str,
    trusted: bool,
    requires: &'static [&'static str],
) -> Extension {
    Extension {
        name,
        package: None,
        preload: None,
        requires,
        trusted,
        since: Version::OLDEST,
        until: Version::NEWEST,
    }
}

const fn packaged(
    name: &'static str,
    package: &'static str,
    requires: &'static [&'static str],
) -> Extension {
    Extension {
        package: Some(package),
        ..supplied(name, false, requires)
    }
}

impl Extension {
    const fn between(self, since: u8, until: u8) -> Extension {
        Extension {
            since: Version::known(since),
            until: Version::known(until),
            ..self
        }
    }

    const fn trusted(self) -> Extension {
        Extension {
            trusted: true,
            ..self
        }
    }

    const fn needs(self, library: &'static str) -> Extension {
        Extension {
            preload: Some(Preload {
                library,
                required: true,
            }),
            ..self
        }
    }

    const fn uses(self, library: &'static str) -> Extension {
        Extension {
            preload: Some(Preload {
                library,
                required: false,
            }),
            ..self
        }
    }
}

pub(super) static EXTENSIONS: [Extension; 138] = [
    packaged("address_standardizer", "postgis", &[]),
    packaged("address_standardizer_data_us", "postgis", &[]),
    supplied("adminpack", false, &[]).between(14, 16),
    packaged("age", "age", &[]).uses("age"),
    supplied("amcheck", false, &[]),
    packaged("anon", "anonymizer", &[]).uses("anon"),
    supplied("autoinc", false, &[]),
    supplied("bloom", false, &[]),
    supplied("bool_plperl", true, &["plperl"]),
    supplied("bool_plperlu", false, &["plperlu"]),
    supplied("btree_gin", true, &[]),
    supplied("btree_gist", true, &[]),
    packaged("byteamagic", "pg_byteamagic", &[]),
    supplied("citext", true, &[]),
    packaged("citus", "citus", &[]).needs("citus"),
    packaged("citus_columnar", "citus", &[]).needs("citus"),
    supplied("cube", true, &[]),
    packaged("datasketches", "apache_datasketches", &[]),
    supplied("dblink", false, &[]),
    packaged("ddlx", "pgddl", &[]),
    supplied("dict_int", true, &[]),
    supplied("dict_xsyn", false, &[]),
    supplied("earthdistance", false, &["cube"]),
    supplied("file_fdw", false, &[]),
    supplied("fuzzystrmatch", true, &[]),
    packaged("h3", "h3-pg", &[]),
    packaged("h3_postgis", "h3-pg", &["h3", "postgis", "postgis_raster"]),
    packaged("hll", "pg_hll", &[]),
    supplied("hstore", true, &[]),
    supplied("hstore_plperl", false, &["hstore", "plperl"]),
    supplied("hstore_plperlu", false, &["hstore", "plperlu"]),
    supplied("hstore_plpython3u", false, &["hstore", "plpython3u"]),
    packaged("http", "pgsql-http", &[]),
    packaged("hypopg", "hypopg", &[]),
    supplied("insert_username", false, &[]),
    supplied("intagg", false, &[]),
    supplied("intarray", true, &[]),
    packaged("ip4r", "ip4r", &[]),
    supplied("isn", true, &[]),
    packaged("jsonb_deep_sum", "jsonb_deep_sum", &[]),
    supplied("jsonb_plperl", true, &["plperl"]),
    supplied("jsonb_plperlu", false, &["plperlu"]),
    supplied("jsonb_plpython3u", false, &["plpython3u"]),
    packaged("lantern", "lantern", &[]),
    packaged("libversion", "pg_libversion", &[]),
    supplied("lo", true, &[]),
    supplied("ltree", true, &[]),
    supplied("ltree_plpython3u", false, &["ltree", "plpython3u"]),
    supplied("moddatetime", false, &[]),
    supplied("old_snapshot", false, &[]).between(14, 16),
    supplied("pageinspect", false, &[]),
    packaged("periods", "periods", &["btree_gist"]),
    packaged("pg-gvm", "pg-gvm", &[]),
    packaged("pg_background", "pg_background", &[]),
    packaged("pg_bigm", "pg_bigm", &[]).uses("pg_bigm"),
    supplied("pg_buffercache", false, &[]),
    packaged("pg_cron", "pg_cron", &[]).needs("pg_cron"),
    packaged("pg_csv", "pg_csv", &[]),
    packaged("pg_ed25519", "pg_ed25519", &[]),
    supplied("pg_freespacemap", false, &[]),
    packaged("pg_hint_plan", "pg_hint_plan", &[]).uses("pg_hint_plan"),
    packaged("pg_ivm", "pg_ivm", &[]).uses("pg_ivm"),
    supplied("pg_logicalinspect", false, &[]).between(18, 18),
    packaged("pg_net", "pg_net", &[]).needs("pg_net"),
    packaged("pg_partman", "pg_partman", &[]).uses("pg_partman_bgw"),
    supplied("pg_prewarm", false, &[]).uses("pg_prewarm"),
    packaged("pg_rational", "pg_rational", &[]),
    packaged("pg_repack", "pg_repack", &[]),
    packaged("pg_similarity", "pg_similarity", &[]),
    packaged("pg_squeeze", "pg_squeeze", &[]).needs("pg_squeeze"),
    supplied("pg_stat_statements", false, &[]).needs("pg_stat_statements"),
    supplied("pg_surgery", false, &[]),
    packaged("pg_textsearch", "pg_textsearch", &[]).uses("pg_textsearch"),
    packaged("pg_tle", "pg_tle", &[]).needs("pg_tle"),
    supplied("pg_trgm", true, &[]),
    packaged("pg_uuidv7", "pg_uuidv7", &[]),
    supplied("pg_visibility", false, &[]),
    supplied("pg_walinspect", false, &[]).between(15, 18),
    packaged("pgaudit", "pgaudit", &[]).needs("pgaudit"),
    packaged("pgautofailover", "pg_auto_failover", &["btree_gist"]).needs("pgautofailover"),
    supplied("pgcrypto", true, &[]),
    packaged("pgjwt", "pgjwt", &["pgcrypto"]),
    packaged("pgmq", "pgmq", &[]),
    packaged("pgroonga", "pgroonga", &[]),
    packaged("pgroonga_database", "pgroonga", &[]),
    packaged("pgrouting", "pgrouting", &["postgis"]),
    supplied("pgrowlocks", false, &[]),
    packaged("pgsodium", "pgsodium", &[]).uses("pgsodium"),
    supplied("pgstattuple", false, &[]),
    packaged("pgtap", "pgtap", &[]),
    packaged("pgx_ulid", "pgx_ulid", &[]),
    packaged("plcoffee", "plv8", &[]),
    packaged("plls", "plv8", &[]),
    packaged("plperl", "plperl", &[]).trusted(),
    packaged("plperlu", "plperl", &[]),
    supplied("plpgsql", true, &[]),
    packaged("plpgsql_check", "plpgsql_check", &[]).uses("plpgsql_check"),
    packaged("plpython3u", "plpython3", &[]),
    packaged("plr", "plr", &[]),
    packaged("pltcl", "pltcl", &[]).trusted(),
    packaged("pltclu", "pltcl", &[]),
    packaged("plv8", "plv8", &[]),
    packaged("pointcloud", "pointcloud", &[]),
    packaged(
        "pointcloud_postgis",
        "pointcloud",
        &["postgis", "pointcloud"],
    ),
    packaged("postgis", "postgis", &[]),
    packaged("postgis_raster", "postgis", &["postgis"]),
    packaged("postgis_sfcgal", "postgis", &["postgis"]),
    packaged(
        "postgis_tiger_geocoder",
        "postgis",
        &["postgis", "fuzzystrmatch"],
    ),
    packaged("postgis_topology", "postgis", &["postgis"]),
    supplied("postgres_fdw", false, &[]),
    supplied("refint", false, &[]),
    packaged("repmgr", "repmgr", &[]).needs("repmgr"),
    packaged("roaringbitmap", "pg_roaringbitmap", &[]),
    packaged("rum", "rum", &[]),
    supplied("seg", true, &[]),
    packaged("semver", "pg-semver", &[]),
    packaged("smlar", "smlar", &[]),
    packaged("sqlite_fdw", "sqlite_fdw", &[]),
    supplied("sslinfo", false, &[]),
    packaged("system_stats", "system_stats", &[]),
    supplied("tablefunc", true, &[]),
    supplied("tcn", true, &[]),
    packaged("tds_fdw", "tds_fdw", &[]),
    packaged("temporal_tables", "temporal_tables", &[]),
    packaged("timescaledb", "timescaledb", &[]).needs("timescaledb"),
    packaged("timescaledb_toolkit", "timescaledb_toolkit", &[]),
    packaged("topn", "pg_topn", &[]),
    packaged("tsja", "tsja", &[]),
    supplied("tsm_system_rows", true, &[]),
    supplied("tsm_system_time", true, &[]),
    packaged("ulid", "pgx_ulid", &[]),
    supplied("unaccent", true, &[]),
    supplied("uuid-ossp", true, &[]),
    packaged("vchord", "vectorchord", &["vector"]).needs("vchord"),
    packaged("vector", "pgvector", &[]),
    packaged("vectors", "pgvecto-rs", &[]).needs("vectors"),
    packaged("vectorscale", "pgvectorscale", &["vector"]),
    supplied("xml2", false, &[]),
];
