use super::{verify, verify_full};

const ACCEPTED: &[&str] = &[
    "{ a = { b = 1; }; a.c = 2; }",
    "{ a.c = 2; a = { b = 1; }; }",
    "{ a = { b = 1; }; a = { c = 1; }; }",
    "{ a = rec { b = 1; }; a.c = b; }",
    "{ a = ({ b = 1; }); a.c = 1; }",
    "{ a = { }; a = { }; }",
    "{ a.b = { }; a.b.c = 1; }",
    "{ \"${\"a\"}\" = 1; a = 2; }",
    "let x = \"a\"; in { ${x} = 1; a = 2; }",
    "let x = \"a\"; in { a.${x} = 1; a.${x} = 2; }",
    "let ${\"a\"} = 1; in a",
    "{ inherit ({ }) \"a\" ${\"b\"}; }",
    "rec { inherit (b) a; b = { }; }",
    "{ a ? b, b }: a",
    "b@{ a ? b }: 1",
    "with { }; y",
    "9223372036854775807",
    "{ a = -9223372036854775807; b = [ (-1) ]; }",
    "{ or = 1; }.or",
    "__add 1 2",
    "a: a: a",
    "let true = 1; in true",
    "{ a = \"$${b}\"; }",
    "let { x = 1; body = x; }",
    "{ config, ... }: { a = { p = config.x.\"y z\".path; q = [ config.a ]; }; }",
    "{ a = \"\\\\\"; b = ''\n  it's '''' ''${ }''; }",
    "# a comment\r\n{ }",
];

const REFUSED: &[&str] = &[
    "{ a = { b = 1; }; a.b = 2; }",
    "{ a = { b = 1; }; a = { b = 1; }; }",
    "{ a.c = b; a = rec { b = 1; }; }",
    "{ a = { b = 1; }; a = rec { c = b; }; }",
    "{ a = 1; a.b = 1; }",
    "{ a.b = 1; a = 1; }",
    "{ a = 1; \"a\" = 2; }",
    "{ x = { a = 1; \"\\a\" = 2; }; }",
    "{ ${\"a\"} = 1; a = 2; }",
    "let a = 1; in { inherit a; a.b = 1; }",
    "let a = 1; in { inherit a a; }",
    "rec { a = 1; inherit a; }",
    "{ inherit y; }",
    "let x = \"a\"; ${x} = 1; in x",
    "{ inherit \"${\"a\"}\"; }",
    "{ a, a }: a",
    "a@{ a }: a",
    "{ a ? c }: a",
    "with x; y",
    "9223372036854775808",
    "{ a = -9223372036854775808; }",
    "{ a = [ 9223372036854775808 ]; }",
    "x = a b: c",
    "toJSON",
    "__typo",
    "{ a = { b = x; }; }",
    "{ a = { b = [ x.y ]; }; }",
    "rec { a = rec { b = 1; c = d; }; }",
    "{ a = [ -1 ]; }",
    "{ a = { in = 1; }; }",
    "{ a = { b = 1 }; }",
    "{ a = { b == 1; }; }",
    "{ a = { }: b; }",
    "{ a\u{a0} = 1; }",
    "# a\rb\n{ }",
    "{ a = \"\0\"; }",
    "{ a = 1",
    "} {",
    "",
    "\"a",
    "/* a",
];

#[test]
fn what_nix_accepts_is_accepted() {
    for text in ACCEPTED {
        assert_eq!(verify_full(text), Ok(()), "{text}");
        assert_eq!(verify(text), Ok(()), "{text}");
    }
}

#[test]
fn what_nix_refuses_is_refused() {
    for text in REFUSED {
        assert!(verify_full(text).is_err(), "{text}");
        assert_eq!(verify(text), verify_full(text), "{text}");
    }
}

#[test]
fn an_error_names_the_place_in_the_whole_text() {
    let text = "{ a = { b = [ 1 2 3 ]; }; c = x; }";
    let errors =
        verify(text).map_err(|errors| errors.iter().map(|it| it.offset).collect::<Vec<_>>());
    assert_eq!(errors, Err(vec![text.find('x').unwrap_or_default()]));
}

/// Each of these ends the process, or takes minutes, when it reaches the parser.
#[test]
fn deep_and_long_input_is_refused_before_it_is_parsed() {
    let many = |text: &str| text.repeat(200_000);
    let inputs = [
        many("["),
        many("{a="),
        many("("),
        many("-"),
        many("!"),
        format!("1{}", many("+1")),
        format!("1{}", many(" ++ 1")),
        format!("1{}", many(" // 1")),
        format!("f{}", many(" a")),
        format!("a{}", many(".a")),
        format!("1{}", many(".1")),
        many("} "),
        many("\"${"),
        many("a: "),
        many("let a = 1; in "),
        many("if a then b else "),
        many("with a; "),
        many("assert a; "),
        many("''${"),
        format!("{{ a = {}1{}; }}", many("["), many("]")),
        format!("[ {} ]", many("[ ")),
        format!("[ {} ]", many("[ -")),
    ];
    for input in inputs {
        assert!(verify(&input).is_err(), "{:.20}", input);
    }
}

/// The deepest that is let through must not need more stack than a thread of the tests has.
#[test]
fn what_is_just_not_too_deep_is_parsed() {
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("-", ""),
        ("!", ""),
        ("{a=", ";}"),
        ("a: ", ""),
        ("\"${", "}\""),
        ("1+", ""),
        ("with a; ", ""),
        ("let a = 1; in ", ""),
        ("if 1 then 1 else ", ""),
        ("f ", ""),
        ("{ }: ", ""),
        ("[ (", ")]"),
    ] {
        for count in [1, 40, 127, 169, 170, 255, 256, 400, 511, 512] {
            let text = format!("{}1{}", open.repeat(count), close.repeat(count));
            let _ = verify(&text);
            let _ = verify_full(&text);
        }
    }
}
