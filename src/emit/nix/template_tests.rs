#![allow(clippy::unwrap_used)]

use super::*;
use crate::emit::nix::literal::{Reference, Root};

fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

fn context() -> BTreeMap<&'static str, Literal> {
    let list = Literal::list([Literal::text("a").unwrap(), Literal::from(5_i64)]);
    let reference = Reference::new(Root::Config, [text("sops"), text("a b"), text("path")]);
    BTreeMap::from([
        ("name", Literal::text("x\"${y}\\").unwrap()),
        ("list", list.clone()),
        ("empty", Literal::list([])),
        (
            "set",
            Literal::attrs([(text("l"), list), (text("or"), Literal::Null)]),
        ),
        ("reference", Literal::Reference(reference)),
        ("packages", Literal::packages([text("pgvector")])),
        ("negative", Literal::from(-1_i64)),
    ])
}

fn render(source: &str) -> Result<String, TemplateError> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("t.nix.j2"), source).unwrap();
    TemplateSet::new(Some(dir.path())).render("t.nix.j2", &context())
}

const NAME: &str = r#""x\"\${y}\\""#;

#[test]
fn every_kind_prints_as_a_literal() {
    let cases = [
        ("{{ name }}", NAME),
        ("{{ empty }}", "[ ]"),
        ("{{ list | at(2) }}", "[\n    \"a\"\n    5\n  ]"),
        (
            "{{ set | at(0) }}",
            "{\n  l = [\n    \"a\"\n    5\n  ];\n  \"or\" = null;\n}",
        ),
        ("{{ reference }}", "config.sops.\"a b\".path"),
        ("{{ packages | at(0) }}", "(ps: [\n  ps.pgvector\n])"),
        (
            "{{ packages | binding('extensions', 0) }}",
            "extensions = ps: [\n  ps.pgvector\n];",
        ),
        ("{{ negative }}", "(-1)"),
        ("{{ negative | binding('a b', 0) }}", "\"a b\" = -1;"),
        (
            "{{ true }} {{ none }} {{ 5 }} {{ 'a' }}",
            "true null 5 \"a\"",
        ),
        ("{{ [1, 'a'] | at(0) }}", "[\n  1\n  \"a\"\n]"),
    ];
    for (source, expected) in cases {
        assert_eq!(render(source).unwrap(), expected, "{source}");
    }
}

#[test]
fn lists_and_sets_can_be_walked_and_tested() {
    let source = "{% for x in list %}{{ x }};{% endfor %}{% for k, v in set | items %}{{ k }}{% endfor %}\
                  {% if empty %}1{% else %}2{% endif %}{% if list %}3{% endif %}{{ set.l[1] }}{{ list | length }}";
    assert_eq!(render(source).unwrap(), "\"a\";5;\"l\"\"or\"2352");
}

#[test]
fn nothing_prints_text_as_it_is() {
    for source in [
        "{{ name | safe }}",
        "{% set x = name | safe %}{{ x }}",
        "{{ name ~ '' }}",
        "{% autoescape true %}{{ name }}{% endautoescape %}",
    ] {
        assert_eq!(render(source).unwrap(), NAME, "{source}");
    }
    let refused = [
        "{% autoescape false %}{{ name }}{% endautoescape %}",
        "{% autoescape 'html' %}{{ name }}{% endautoescape %}",
        "{{ name | tojson }}",
        "{{ 1.5 }}",
        "{{ {'a': 1} }}",
        "{{ missing }}",
        "{{ set.missing }}",
        "{{ list }}",
        "{{ '\\u0000' }}",
        "{{ 9223372036854775808 }}",
        "{{ range }}",
        "{{ list | at(1000) }}",
        "{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}{% endfor %}{% endfor %}{% endfor %}",
        "{ a = \"{{ name }}\"; }",
    ];
    for source in refused {
        assert!(
            render(source).is_err(),
            "{source} gives {:?}",
            render(source)
        );
    }
}

#[test]
fn text_that_a_template_makes_is_a_string() {
    for source in [
        "{% set x %}a{{ name }}{% endset %}{{ x }}",
        "{% filter upper %}b{{ name }}{% endfilter %}",
        "{% macro m() %}{{ name }}{% endmacro %}{{ m() }}",
        "{{ list ~ '' }}",
        "{{ list | join(', ') }}",
        "{{ reference ~ '' }}",
    ] {
        let printed = render(source).unwrap();
        let unquoted = printed
            .strip_prefix('"')
            .and_then(|it| it.strip_suffix('"'))
            .unwrap();
        assert!(
            !unquoted
                .replace("\\\\", "")
                .replace("\\\"", "")
                .contains('"'),
            "{source}: {printed}"
        );
    }
}

#[test]
fn an_error_says_template_line_and_range() {
    let error = render("{ }\n{{ missing }}").unwrap_err();
    assert_eq!(error.template.as_deref(), Some("t.nix.j2"));
    assert_eq!(error.line, Some(2));
    assert_eq!(error.range, Some(7..14));
}

#[test]
fn templates_stay_in_their_directory() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join("link.nix.j2")).unwrap();
    let set = TemplateSet::new(Some(dir.path()));
    let absolute = outside.path().to_str().unwrap();
    for name in ["../x.nix.j2", "link.nix.j2", absolute, "", "a/../../b"] {
        assert!(set.render(name, &context()).is_err(), "{name}");
    }
}

#[test]
fn a_users_template_goes_before_the_built_in_one() {
    const BUILT_IN: Embedded = &[("a.nix.j2", "1"), ("b.nix.j2", "2{% include 'a.nix.j2' %}")];
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.nix.j2"), "{{ name }}\n").unwrap();
    let set = TemplateSet::over(BUILT_IN, Some(dir.path()));
    assert_eq!(
        set.render("b.nix.j2", &context()).unwrap(),
        format!("2{NAME}\n")
    );
}
