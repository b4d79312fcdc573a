use proptest::prelude::*;

use super::*;

fn relation(text: &str) -> Result<String, (usize, String)> {
    Pattern::relation(text)
        .map(|p| p.to_string())
        .map_err(|e| (e.offset, e.to_string()))
}

fn routine(text: &str) -> Result<String, (usize, String)> {
    Pattern::routine(text)
        .map(|p| p.to_string())
        .map_err(|e| (e.offset, e.to_string()))
}

#[test]
fn names_can_be_quoted_in_every_position() {
    for text in [
        "app.*",
        "app.users",
        "\"My.Schema\".*",
        "app.\"Ta\"\"ble\"",
        "\"a.b\".\"*\"",
        "\"a b\".\"c(d)\"(\"e,f\", g)",
    ] {
        assert_eq!(relation(text).as_deref(), Ok(text));
    }
    assert_eq!(relation("\"app\".\"users\"").as_deref(), Ok("app.users"));
    assert_eq!(relation("App.Users").as_deref(), Ok("App.Users"));
}

#[test]
fn a_quoted_star_is_a_name() {
    let star = Pattern::relation("app.\"*\"").unwrap();
    assert!(matches!(star.target, Target::Named(ref name) if name.as_str() == "*"));
    assert_eq!(Pattern::relation("app.*").unwrap().target, Target::All);
}

#[test]
fn routines_are_named_with_their_arguments() {
    for text in [
        "app.f",
        "app.f()",
        "app.f(integer, text)",
        "app.f(character varying, \"My\".\"Type\"[], timestamp with time zone[][])",
    ] {
        assert_eq!(routine(text).as_deref(), Ok(text));
    }
    assert_eq!(
        routine("app.f( integer ,text )").as_deref(),
        Ok("app.f(integer, text)")
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let no_schema = "the schema is missing: write `schema.name` or `schema.*`";
    for (text, offset, message) in [
        ("", 0, "expected a name"),
        ("*", 0, no_schema),
        ("users", 0, no_schema),
        ("*.*", 0, "`*` cannot stand for a schema: name each schema"),
        ("app.", 4, "expected a name"),
        ("app.my-table", 6, "`-` must be in a name in double quotes"),
        ("app.\"x", 4, "the quoted name has no closing `\"`"),
        ("app.\"\"", 4, "a name cannot be empty"),
        ("a.b.c", 3, "expected the end"),
        ("app.t()", 6, "expected a name"),
        ("app.t(a", 7, "expected `,` or `)`"),
        ("app.* ", 5, "expected the end"),
        ("app.x;DROP", 5, "`;` must be in a name in double quotes"),
        (
            "app.\"a\nb\"",
            4,
            "the name has the control character U+000A",
        ),
    ] {
        assert_eq!(relation(text), Err((offset, message.to_owned())), "{text}");
    }
    for text in [
        "a.f(int); --",
        "a.f(x')",
        "a.f(int",
        "a.f(,)",
        "a.f([])",
        "a.f(a integer)",
        "a.f(VARIADIC text[])",
        "a.f(timestamp wth time zone)",
        "a.f(select)",
        "a.f(table)",
        "a.f(NULL)",
        "a.f($x)",
        "a.f(1a)",
        "a.f(a.b.c)",
        "a.f(any.b)",
        "a.f(float(54))",
        "a.f(national)",
        "a.f(int array[])",
        "a.f(setof int)",
        "a.a.f(int)",
        "a.f(\"\")",
        "a.f(a.)",
    ] {
        assert!(routine(text).is_err(), "{text}");
    }
}

#[test]
fn names_and_modes_of_arguments_lead_to_the_signature_without_them() {
    for (text, meant) in [
        ("public.f(a integer)", "public.f(integer)"),
        ("f.f(VARIADIC text[])", "f.f(text[])"),
        ("f.f(IN a int, OUT b int)", "f.f(int)"),
        ("f.f(int, a out b)", "f.f(int)"),
        ("f.f(in out a double precision)", "f.f(double precision)"),
        ("f.f(\"My arg\" app.t)", "f.f(app.t)"),
        ("f.f(OUT x int)", "f.f()"),
    ] {
        let found = Pattern::routine(text).map_err(|error| error.problem);
        let signature = meant.to_owned();
        assert_eq!(found, Err(Problem::Argument { signature }), "{text}");
        assert!(Pattern::routine(meant).is_ok());
    }
}

#[test]
fn lengths_are_left_out_and_types_are_spelled_in_one_way() {
    for (text, sql) in [
        ("NUMERIC(1, 2)", "numeric"),
        ("varchar(10)[3][]", "character varying[][]"),
        (
            "timestamp (3) with  time zone ARRAY",
            "timestamp with time zone[]",
        ),
        ("float(24)", "real"),
        ("Interval day to second(3)", "interval"),
        ("App.\"T\"(1)", "app.\"T\""),
        ("app.select", "app.select"),
    ] {
        let found = routine(&format!("a.f({text})"));
        assert_eq!(found, Ok(format!("a.f({sql})")), "{text}");
    }
}

#[test]
fn the_specific_narrows_the_general() {
    let pattern = |text| Pattern::relation(text).unwrap();
    assert!(pattern("a.t").narrows(&pattern("a.*")));
    assert!(pattern("a.t(c)").narrows(&pattern("a.t")));
    assert!(pattern("a.t(c)").narrows(&pattern("a.*")));
    for (one, other) in [
        ("a.*", "a.*"),
        ("a.*", "a.t"),
        ("b.t", "a.*"),
        ("a.t", "a.u"),
        ("a.t(c)", "a.u"),
        ("a.t", "a.t"),
    ] {
        assert!(!pattern(one).narrows(&pattern(other)), "{one} {other}");
    }
}

fn name() -> impl Strategy<Value = Identifier> {
    proptest::collection::vec(
        prop_oneof![
            Just('"'),
            Just('.'),
            Just('*'),
            Just(')'),
            Just(','),
            Just(' '),
            Just('a'),
            Just('B'),
            Just('é'),
            Just('[')
        ],
        1..12,
    )
    .prop_map(|chars| Identifier::new(&chars.into_iter().collect::<String>()).unwrap())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(schema in name(), table in name(), columns in proptest::collection::vec(name(), 0..3), all: bool) {
        let target = match (all, columns.is_empty()) {
            (true, _) => Target::All,
            (false, true) => Target::Named(table),
            (false, false) => Target::Columns(table, columns),
        };
        let pattern = Pattern { schema, target };
        prop_assert_eq!(Pattern::relation(&pattern.to_string()), Ok(pattern));
    }

    #[test]
    fn no_text_breaks_the_reader(text in ".{0,40}") {
        if let Ok(pattern) = Pattern::routine(&text) {
            prop_assert_eq!(Pattern::routine(&pattern.to_string()), Ok(pattern));
        }
    }
}
