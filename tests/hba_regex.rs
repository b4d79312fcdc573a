//! Regular expressions as far as they are judged here, against the servers' own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use dbgen::postgres::hba::{
    Client, Decision, IdentDecision, IdentMap, Login, parse, parse_ident, simulate,
};
use proptest::collection::vec;
use proptest::sample::select;
use proptest::strategy::Strategy;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use support::hba::sample;
use support::postgres::{Cluster, each_server};

/// What the server makes of each pattern in its text: a match with its first group, no match, or a pattern that it refuses.
fn server_regex(cluster: &Cluster, cases: &[(String, String)]) -> Vec<Value> {
    let function = "CREATE FUNCTION pg_temp.try(pattern text, subject text) RETURNS json LANGUAGE plpgsql AS $$
        BEGIN RETURN json_build_array(subject ~ pattern, (regexp_match(subject, pattern))[1]);
        EXCEPTION WHEN invalid_regular_expression THEN RETURN json_build_array('invalid'); END $$;";
    let cases = json!(cases).to_string().replace('\'', "''");
    let query = format!(
        "SELECT json_agg(pg_temp.try(c->>0, c->>1) ORDER BY n) FROM json_array_elements('{cases}') WITH ORDINALITY e(c, n)"
    );
    serde_json::from_str(&cluster.sql("postgres", &(function.to_owned() + &query))).unwrap()
}

/// Whether the maps let `system_user` in as `user`, where that is certain.
fn allows(maps: &[IdentMap], system_user: &str, user: &str) -> Option<bool> {
    let (rules, _) = parse("local all all peer map=m", 18, None);
    let (client, system_user) = (Client::Local, Some(system_user));
    let login = Login {
        client,
        database: "d",
        user,
        member_of: &|_| false,
        system_user,
        replication: false,
    };
    match simulate(&rules, maps, &login).decision {
        Decision::Matched {
            ident: Some(IdentDecision::Map(_)),
            ..
        } => Some(true),
        Decision::Matched {
            ident: Some(IdentDecision::Refused),
            ..
        } => Some(false),
        _ => None,
    }
}

#[test]
fn a_pattern_that_is_judged_is_judged_as_the_server_does() {
    let parts: Vec<&str> =
        "a b ab . .* .+ * + ? ( ) | [ [^ ] ^ $ \\ \\. \\d \\w - {2} {1,2} { } 1 , (a|b) (a*) (.*) [a-b] [ab]+ @ *?".split(' ').collect();
    let pattern = vec(select(parts), 1..7).prop_map(|parts| parts.concat());
    let pattern = pattern.prop_flat_map(|text| {
        select(vec![
            text.clone(),
            format!("^{text}$"),
            format!("^({text})$"),
        ])
    });
    let subject =
        vec(select(vec!["a", "b", "1", "@", ".", "-"]), 0..6).prop_map(|parts| parts.concat());
    let mut runner = TestRunner::deterministic();
    let cases: Vec<_> = (0..8000)
        .map(|_| (sample(&pattern, &mut runner), sample(&subject, &mut runner)))
        .collect();
    each_server(
        "a_pattern_that_is_judged_is_judged_as_the_server_does",
        |cluster| {
            let (mut judged, mut groups) = (0, 0);
            for ((pattern, subject), server) in cases.iter().zip(server_regex(cluster, &cases)) {
                let quoted = pattern.replace('"', "\"\"");
                let (maps, errors) =
                    parse_ident(&format!("m \"/{quoted}\" any"), cluster.major, None);
                if server[0] == "invalid" || !errors.is_empty() {
                    assert!(
                        errors.is_empty() || server[0] == "invalid",
                        "`{pattern}`: {errors:?}, but {server}"
                    );
                    continue;
                }
                if let Some(matches) = allows(&maps, subject, "any") {
                    judged += 1;
                    assert_eq!(
                        server[0], matches,
                        "`{pattern}` in `{subject}` on PostgreSQL {}",
                        cluster.major
                    );
                }
                let (maps, _) = parse_ident(&format!("m \"/{quoted}\" <\\1>"), cluster.major, None);
                let group = server[1]
                    .as_str()
                    .filter(|_| pattern.contains('('))
                    .unwrap_or("none");
                if let Some(found) =
                    allows(&maps, subject, &format!("<{group}>")).filter(|_| server[0] == true)
                {
                    groups += usize::from(found);
                    assert_eq!(
                        found,
                        group != "none",
                        "group of `{pattern}` in `{subject}`: {server}"
                    );
                }
            }
            assert!(
                judged > 2000 && groups > 100,
                "{judged} patterns and {groups} groups were judged"
            );
        },
    );
}
