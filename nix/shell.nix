# What the project's own checks use.
{
  mkShell,
  cargo,
  cargo-insta,
  clippy,
  deadnix,
  nix,
  nixfmt,
  postgresql,
  pre-commit,
  rust-analyzer,
  rustc,
  rustfmt,
}:
mkShell {
  packages = [
    cargo
    cargo-insta
    clippy
    deadnix
    nix
    nixfmt
    postgresql
    pre-commit
    rust-analyzer
    rustc
    rustfmt
  ];
}
