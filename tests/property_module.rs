//! Whatever passes the check becomes a module that Nix takes, and that says exactly what was declared.
//!
//! The model here is written from the contract, not from the program: it computes from the declarations what a NixOS
//! configuration must get, and a real Nix evaluates the module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/declarations.rs"]
mod declarations;
#[path = "support/hba_words.rs"]
mod hba_words;
#[path = "support/model.rs"]
mod model;
#[path = "support/nix.rs"]
mod nix;
#[path = "support/run.rs"]
mod run;

use std::collections::BTreeSet;

use declarations::{Declarations, Dice, UNITS, any_declarations};
use hba_words::{Line, lines};
use model::Model;
use nix::Configuration;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use run::{Folder, Seen};
use serde_json::{Value, json};

const CASES: usize = 120;

/// Declarations that pass, each with its module and the folder that holds it.
fn rendered(cases: usize) -> Vec<(Declarations, String)> {
    let mut runner = TestRunner::deterministic();
    let strategy = any_declarations();
    let mut all = Vec::new();
    let mut refused = Vec::new();
    while all.len() < cases {
        let declarations = strategy.new_tree(&mut runner).unwrap().current();
        let seen = render(&declarations, 0);
        match seen.status {
            Some(0) => all.push((declarations, seen.out)),
            Some(1) => refused.extend(
                seen.err
                    .lines()
                    .find(|line| line.contains(" error["))
                    .map(str::to_owned),
            ),
            _ => panic!("seed {}: {}", declarations.seed, seen.err),
        }
        assert!(
            refused.len() < 20 + cases / 3,
            "most are refused, such as: {}",
            refused.join("\n")
        );
    }
    eprintln!("{} passed, {} were refused", all.len(), refused.len());
    all
}

fn render(declarations: &Declarations, layout: u64) -> Seen {
    let folder = Folder::new();
    for file in declarations.files(&mut Dice::new(layout)) {
        folder.write(&file.name, &file.text);
    }
    folder.run(&["render", "-o", "-", "--output-format", "concise"])
}

#[test]
fn the_evaluated_module_equals_the_declarations() {
    let Some(evaluator) = nix::evaluator("the_evaluated_module_equals_the_declarations") else {
        return;
    };
    let rendered = rendered(CASES);
    let models: Vec<Model> = rendered
        .iter()
        .map(|(declarations, _)| Model::new(declarations))
        .collect();
    let options: Vec<[String; 1]> = models
        .iter()
        .map(|model| [format!("{}.databases.postgresql", model.namespace)])
        .collect();
    let shown: Vec<[&str; 1]> = options.iter().map(|[option]| [option.as_str()]).collect();
    let secrets: Vec<String> = models.iter().map(secrets).collect();
    let modules: Vec<[&str; 2]> = rendered
        .iter()
        .zip(&secrets)
        .map(|((_, module), secrets)| [module.as_str(), secrets.as_str()])
        .collect();
    let configurations: Vec<Configuration> = modules
        .iter()
        .zip(&shown)
        .map(|(modules, show)| Configuration {
            show,
            ..Configuration::of(modules)
        })
        .collect();
    let outcomes = evaluator.evaluate_many(&configurations);
    for (((declarations, module), model), (outcome, [option])) in rendered
        .iter()
        .zip(&models)
        .zip(outcomes.iter().zip(&options))
    {
        let seed = declarations.seed;
        let outcome = outcome
            .as_ref()
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{module}"));
        compare(
            model,
            outcome,
            &outcome["show"][option],
            &format!("seed {seed}\n{module}"),
        );
    }
}

/// A module that gives every secret a path, as sops-nix and agenix would, and defines the units.
fn secrets(model: &Model) -> String {
    let all: Vec<String> = model
        .secrets
        .iter()
        .map(|(store, name)| {
            format!(
                "{store}.secrets.{}.path = {};",
                nix_string(name),
                nix_string(&format!("/run/{store}/{name}"))
            )
        })
        .collect();
    let services = UNITS
        .iter()
        .filter_map(|unit| unit.strip_suffix(".service"));
    let services = services.map(|name| {
        let name = nix_string(name);
        format!("systemd.services.{name}.serviceConfig.ExecStart = \"/run/it\";")
    });
    let services: Vec<String> = services.collect();
    format!("{{ {} {} }}", all.join(" "), services.join(" "))
}

fn nix_string(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "\\${");
    format!("\"{escaped}\"")
}

fn compare(model: &Model, outcome: &Value, connections: &Value, what: &str) {
    let server = &outcome["postgresql"];
    assert_eq!(
        server["enable"],
        json!(!model.connections.is_empty()),
        "{what}"
    );
    assert_eq!(outcome["failedAssertions"], json!([]), "{what}");
    assert_eq!(outcome["warnings"], json!([]), "{what}");
    assert_eq!(connections, &json!(model.connections), "{what}");
    assert_eq!(
        set(&server["ensureDatabases"]),
        model.ensure_databases,
        "{what}"
    );
    let users: Vec<&Value> = server["ensureUsers"].as_array().unwrap().iter().collect();
    assert_eq!(users.len(), model.ensure_users.len(), "{what}");
    for user in users {
        let name = user["name"].as_str().unwrap();
        let (owns, clauses) = model
            .ensure_users
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {what}"));
        assert_eq!(user["ensureDBOwnership"], json!(owns), "{name}: {what}");
        assert_eq!(user["ensureClauses"], json!(clauses), "{name}: {what}");
    }
    if model.connections.is_empty() {
        return;
    }
    // nixpkgs' own marker and defaults stand after the declared rules.
    let text = server["authentication"].as_str().unwrap();
    let declared: Vec<_> = lines(text)
        .into_iter()
        .take_while(|line| *line != lines("local all postgres peer map=postgres")[0])
        .collect();
    let all: BTreeSet<_> = declared.iter().cloned().collect();
    assert_eq!(all.len(), declared.len(), "a rule stands twice: {what}");
    assert_same(&all, &model.rules, what);
    let maps: BTreeSet<_> = lines(server["identMap"].as_str().unwrap())
        .into_iter()
        .collect();
    let own: BTreeSet<_> = lines("postgres postgres postgres").into_iter().collect();
    let maps = maps.difference(&own).cloned().collect();
    assert_same(&maps, &model.ident_map, what);
    assert_eq!(server["settings"]["port"], json!(model.port), "{what}");
    let libraries = server["settings"]["shared_preload_libraries"]
        .as_str()
        .unwrap_or_default();
    let libraries: BTreeSet<String> = libraries
        .split(',')
        .filter(|library| !library.is_empty())
        .map(str::to_owned)
        .collect();
    assert_eq!(libraries, model.libraries, "{what}");
    assert_eq!(set(&server["extensions"]), model.packages, "{what}");
}

/// Two sets of lines, with what only one of them has.
fn assert_same(seen: &BTreeSet<Line>, wanted: &BTreeSet<Line>, what: &str) {
    let only = |a: &BTreeSet<Line>, b: &BTreeSet<Line>| {
        format!("{:#?}", a.difference(b).collect::<Vec<_>>())
    };
    assert!(
        seen == wanted,
        "only rendered: {}\nonly wanted: {}\n{what}",
        only(seen, wanted),
        only(wanted, seen)
    );
}

fn set(list: &Value) -> BTreeSet<String> {
    let items: Vec<String> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect();
    let set: BTreeSet<String> = items.iter().cloned().collect();
    assert_eq!(set.len(), items.len(), "one stands twice: {items:?}");
    set
}

#[test]
fn the_module_is_what_nixfmt_would_write() {
    for (declarations, module) in rendered(CASES) {
        let formatted = nixfmt_rs::format(&module)
            .unwrap_or_else(|error| panic!("seed {}: {error:?}\n{module}", declarations.seed));
        assert!(
            formatted == module,
            "seed {}: nixfmt would change\n{module}\nto\n{formatted}",
            declarations.seed
        );
    }
}

#[test]
fn the_module_is_the_same_in_any_order_layout_and_format() {
    for (declarations, module) in rendered(CASES / 2) {
        for layout in 1..5 {
            let seen = render(&declarations, layout);
            assert_eq!(
                seen.status,
                Some(0),
                "seed {}, layout {layout}: {}",
                declarations.seed,
                seen.err
            );
            let different = module.lines().zip(seen.out.lines()).find(|(a, b)| a != b);
            assert!(
                seen.out == module,
                "seed {}, layout {layout}: {different:?}",
                declarations.seed
            );
        }
    }
}

#[test]
fn the_module_is_clean_under_deadnix() {
    let test = "the_module_is_clean_under_deadnix";
    if !run::has("deadnix", test) {
        return;
    }
    let folder = Folder::new();
    for (at, (_, module)) in rendered(CASES).iter().enumerate() {
        folder.write(&format!("{at}.nix"), module);
    }
    let seen = run::seen(folder.command("deadnix").args(["--fail", "."]), b"");
    assert_eq!(seen.status, Some(0), "{}{}", seen.out, seen.err);
}

#[test]
fn the_declarations_of_these_tests_use_every_field() {
    let schema = Folder::new().run(&["schema"]);
    let schema: Value = serde_json::from_str(&schema.out).unwrap();
    let definitions = schema["definitions"].as_object().unwrap().values();
    let fields: BTreeSet<String> = definitions
        .flat_map(|definition| {
            definition["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
        })
        .collect();
    let mut used = BTreeSet::new();
    for (declarations, _) in rendered(CASES) {
        for (_, service) in &declarations.services {
            keys(service, &mut used);
        }
        keys(&declarations.instance.unwrap_or_default(), &mut used);
    }
    // tests/connections.rs has the files of connections.
    let elsewhere = [
        "connection",
        "environment",
        "prefix",
        "names",
        "pgpass",
        "serviceFile",
        "socket",
        "group",
    ];
    let is_variable = |field: &str| field.starts_with("DB_") || field.ends_with("_URL");
    let unused = fields.difference(&used);
    let unused: Vec<&String> = unused
        .filter(|field| !elsewhere.contains(&field.as_str()) && !is_variable(field))
        .collect();
    assert!(
        unused.is_empty(),
        "no declarations that pass use {unused:?}"
    );
}

fn keys(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                used.insert(name.clone());
                keys(value, used);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, used)),
        _ => {}
    }
}
