//! The tests' own module system gives what nixpkgs' gives.

#![allow(clippy::unwrap_used)]

#[path = "support/nix.rs"]
mod nix;

/// The snapshot is what nixpkgs' own lib gave; it is compared with nixpkgs again wherever that is at hand.
#[test]
fn our_module_system_agrees_with_nixpkgs() {
    let expression = format!(
        "import {} {{ inherit lib; }}",
        nix::nix_path(&nix::tests_nix().join("parity.nix"))
    );
    for evaluator in nix::evaluators("our_module_system_agrees_with_nixpkgs") {
        let outcome = evaluator.value(&expression);
        let text = outcome
            .map(|value| format!("{value:#}"))
            .unwrap_or_else(|message| message);
        insta::assert_snapshot!("what_nixpkgs_makes_of_small_configurations", text);
    }
}

#[test]
fn one_wrong_module_among_hundreds_hides_no_other() {
    let test = "one_wrong_module_among_hundreds_hides_no_other";
    let right: Vec<_> = (0..300)
        .map(|i| format!("{{ services.postgresql.ensureDatabases = [ \"d{i}\" ]; }}"))
        .collect();
    let wrong = "{ services.postgresql.ensureDatabase = [ \"misspelt\" ]; }";
    let mut modules: Vec<_> = right.iter().map(|text| [text.as_str()]).collect();
    modules[123] = [wrong];
    let configurations: Vec<_> = modules.iter().map(|m| nix::Configuration::of(m)).collect();
    for evaluator in nix::evaluators(test) {
        let outcomes = evaluator.evaluate_many(&configurations);
        let message = outcomes[123].as_ref().unwrap_err();
        assert!(
            message.contains("services.postgresql.ensureDatabase"),
            "{message}"
        );
        for (i, outcome) in outcomes.iter().enumerate().filter(|(i, _)| *i != 123) {
            let databases = &outcome.as_ref().unwrap()["postgresql"]["ensureDatabases"];
            assert_eq!(databases, &serde_json::json!([format!("d{i}")]));
        }
    }
}
