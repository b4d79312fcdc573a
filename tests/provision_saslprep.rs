//! The program in SQL, the code for clients and the servers themselves make the same verifier of a password.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/passwords.rs"]
mod passwords;
mod support;

use dbgen::postgres::quote::quote_literal;
use dbgen::postgres::scram::{DEFAULT_ITERATIONS, Secret};
use passwords::{HOSTILE, declare, password, run};
use proptest::test_runner::TestRunner;
use stringprep::tables;
use support::hba::sample;
use support::postgres::{Cluster, each_server};

fn prohibited(c: char) -> bool {
    tables::non_ascii_space_character(c)
        || tables::ascii_control_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::surrogate_code(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::inappropriate_for_canonical_representation(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

/// What SASLprep makes of a character, as far as the tables go.
fn class(c: char) -> [bool; 6] {
    [
        tables::non_ascii_space_character(c),
        tables::commonly_mapped_to_nothing(c),
        prohibited(c),
        tables::unassigned_code_point(c),
        tables::bidi_r_or_al(c),
        tables::bidi_l(c),
    ]
}

/// Lets the server make the verifiers, then asks both implementations whether these are the ones of the passwords.
fn compare(cluster: &Cluster, passwords: &[String]) {
    let desired = declare(cluster, passwords);
    let by_server: String = passwords
        .iter()
        .enumerate()
        .map(|(nr, password)| format!("ALTER ROLE r{nr} PASSWORD {};", quote_literal(password)))
        .collect();
    cluster.sql("postgres", &by_server);

    let differing: Vec<_> = run(cluster, "plan", &desired).steps;
    let differing: Vec<_> = differing
        .iter()
        .map(|step| {
            let nr: usize = step["object"].as_str().unwrap()["role r".len()..]
                .parse()
                .unwrap();
            (&passwords[nr], &step["why"])
        })
        .collect();
    assert_eq!(differing, [], "SQL, {}", cluster.major);

    let stored = cluster.sql(
        "postgres",
        "SELECT rolpassword FROM pg_authid WHERE rolname ~ '^r[0-9]+$' ORDER BY substr(rolname, 2)::integer",
    );
    for (password, stored) in passwords.iter().zip(stored.lines()) {
        let secret = Secret::from_bytes(format!("{password}\r\n").as_bytes()).unwrap();
        let made = secret.verifier(Some(stored), DEFAULT_ITERATIONS).unwrap();
        assert_eq!(made, stored, "Rust, {}: {password:?}", cluster.major);
    }
}

#[test]
fn any_password_has_the_servers_own_verifier() {
    each_server("verifiers agree", |cluster| {
        let mut runner = TestRunner::deterministic();
        let mut all: Vec<String> = HOSTILE.iter().map(|&text| text.to_owned()).collect();
        // Fewer rounds are possible from 16 on.
        let more = if cluster.major >= 16 { 600 } else { 60 };
        all.extend((0..more).map(|_| sample(&password(), &mut runner)));
        if cluster.major >= 16 {
            cluster.sql("postgres", "ALTER SYSTEM SET scram_iterations = 1");
            cluster.reload();
        }
        compare(cluster, &all);
    });
}

/// Characters beside which the tables change, alone and where they decide about the direction.
#[test]
fn the_edges_of_the_tables_are_the_servers() {
    each_server("edges of SASLprep", |cluster| {
        if cluster.major < 16 {
            return;
        }
        cluster.sql("postgres", "ALTER SYSTEM SET scram_iterations = 1");
        cluster.reload();
        let mut edges: Vec<char> = ('\u{2}'..=char::MAX)
            .zip('\u{1}'..=char::MAX)
            .filter(|(c, before)| class(*c) != class(*before))
            .flat_map(|(c, before)| [before, c])
            .collect();
        edges.dedup();
        // The superscript shows whether the rest was normalized.
        let all: Vec<String> = edges
            .iter()
            .flat_map(|c| [format!("{c}\u{b9}"), format!("\u{5d0}{c}\u{b9}\u{5d0}")])
            .collect();
        assert!(all.len() > 2000);
        compare(cluster, &all);
    });
}
