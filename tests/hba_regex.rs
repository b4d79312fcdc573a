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

/// What dbgen refuses every server refuses, and most of what a server refuses dbgen finds.
#[test]
fn a_pattern_that_is_refused_is_refused_by_the_server() {
    let parts = "a b ab 1 0 _ - , : = ! < > # . * + ? *? {2} {1,2} {2,1} {0} {256} {2 {,2} { } ( ) (a) | [ ] [^ ^ $ \\ \\. \\d \\D \\W \\s \\q \\p{L} \\1 \\2 \\10 \\07 \\400 \\80 \\x41 \\x \\u0041 \\u41 \\U00000041 \\UFFFFFFFF \\xffffffff \\xffffffffffff \\cA \\A \\Z \\y \\m \\e \\B (? (?: (?= (?! (?<= (?<! (?<n> (?P<n> (?#c) (?# (?i) (?x) (?n) (?z) (?q) (?b) (?e) *** ***= ***: ***? [[:alpha:]] [[:alphb:]] [[:<:]] [[:>:]] [: :] [. .] [= =] [[.a.]] [[.comma.]] [[=a=]] [[..]] [z-a] [a-z] [a-\\d] [\\d-a] [a-b-c] [a-] [-a] []a] [^]a] [\\y] [\\1] a-z z-a é [é-a] [ü-é] \\é (a|b) (a*) [a-b] @ / \" & ~";
    let parts: Vec<&str> = parts.split(' ').collect();
    let pattern = vec(select(parts), 1..6).prop_map(|parts| parts.concat());
    let mut runner = TestRunner::deterministic();
    let mut cases: Vec<_> = (0..12_000)
        .map(|_| (sample(&pattern, &mut runner), String::new()))
        .collect();
    let known = [
        "[z-a]",
        "app_**",
        "a{2,1}",
        "\\q",
        "\\p{L}",
        "(?<n>a)",
        "(?P<x>a)",
        "(a)\\2",
        "\\1",
        "(a\\1)",
        "(?=(a))\\1",
        "(?=a)*",
        "a)",
        "(a",
        "[a",
        "*a",
        "a|*",
        "(+)",
        "^*",
        "a{",
        "a{x}",
        "a||b",
        "()",
        "(|a)",
        "[a",
        "a\\",
        "((((((((((a))))))))))\\10",
        "\\18",
        "(?i)a(?i)",
        "(?",
        "(?i",
        "a{2}{3}",
        "a*??",
        "a+?",
        "[[:digit:][:alpha:]]",
        "[[:digit:",
        "[[.a",
        "[[.-.]-a]",
        "[[.ch.]]",
        "[[=ab=]]",
        "[]",
        "[^]",
        "{2}",
        "a{0000000002}",
        "a{2,}?",
        "a{2,3",
        "(?:a)\\1",
        "\\Aa*",
        "\\y*",
        "[[:<:]]*",
        "***",
        "***=*",
        "***:(?i)a",
        "(?ib)a\\{",
        "[+--]",
        "[--a]",
        "[a--]",
        "(?#x)*",
        "a(?#x)*",
    ];
    cases.extend(known.map(|pattern| (pattern.to_owned(), String::new())));
    let deep = |times| ("(".repeat(times), String::new());
    cases.extend([deep(3), deep(600)]);
    each_server(
        "a_pattern_that_is_refused_is_refused_by_the_server",
        |cluster| {
            let (mut refused, mut found) = (0, 0);
            for ((pattern, _), server) in cases.iter().zip(server_regex(cluster, &cases)) {
                let refusal = dbgen::check::invalid_regex::refusal(pattern);
                let invalid = server[0] == "invalid";
                assert!(
                    invalid || refusal.is_none(),
                    "`{pattern}` on PostgreSQL {}: {refusal:?}",
                    cluster.major
                );
                refused += usize::from(invalid);
                found += usize::from(refusal.is_some());
                if invalid && refusal.is_none() {
                    eprintln!("not found: `{pattern}`");
                }
            }
            eprintln!("PostgreSQL {}: {found} of {refused} found", cluster.major);
            assert!(
                refused > 4000 && found * 100 >= refused * 97,
                "{found} of {refused}"
            );
        },
    );
}
