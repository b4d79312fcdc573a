//! The tests' own module system gives what nixpkgs' gives.

#[path = "support/nix.rs"]
mod nix;

#[test]
fn our_module_system_agrees_with_nixpkgs() {
    let test = "our_module_system_agrees_with_nixpkgs";
    let evaluators = nix::evaluators(test);
    let expression = format!(
        "import {} {{ inherit lib; }}",
        nix::nix_path(&nix::tests_nix().join("parity.nix"))
    );
    let outcomes: Vec<_> = evaluators.iter().map(|e| e.value(&expression)).collect();
    if let [ours, theirs] = &outcomes[..] {
        assert_eq!(ours, theirs);
    }
    // Without nixpkgs there is nothing to compare with, but a module system that fails is seen at once.
    for outcome in outcomes {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}
