//! The tests' own module system gives what nixpkgs' gives.

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
