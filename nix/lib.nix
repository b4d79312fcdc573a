# What a flake gets from dbgen: the module rendered in the build, and a check that a committed one is current.
# `dbgenFor` builds dbgen from the caller's packages.
{ dbgenFor }:
let
  # Runs `command` with dbgen where the declarations are, `$declarations` being their path: in the folder `src`, or
  # beside a link to the file `src`, because a service can be named like its file and the store puts a hash before it.
  run =
    {
      pkgs,
      dbgen,
      src,
      name,
      command,
    }:
    pkgs.runCommand name
      {
        nativeBuildInputs = [ dbgen ];
        inherit src;
        fileName = baseNameOf (toString src);
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
      ''
        if [ -d "$src" ]; then
          cd "$src"
          declarations=.
        else
          ln -s "$src" "$fileName"
          declarations=$fileName
        fi
        ${command}
      '';
  arguments =
    pkgs: templates: extraArgs:
    pkgs.lib.escapeShellArgs (
      pkgs.lib.optionals (templates != null) [
        "--templates"
        "${templates}"
      ]
      ++ extraArgs
    );
in
rec {
  # The module as a file in the store: `imports = [ "${dbgen.lib.render { ... }}" ]`. Nix has to build it before it can
  # evaluate the configuration (import-from-derivation). `extraArgs` are further arguments of `dbgen render`.
  render =
    {
      pkgs,
      src,
      dbgen ? dbgenFor pkgs,
      name ? "postgresql.nix",
      templates ? null,
      extraArgs ? [ ],
    }:
    run {
      inherit
        pkgs
        dbgen
        src
        name
        ;
      command = ''dbgen render ${arguments pkgs templates extraArgs} -o "$out" "$declarations"'';
    };

  # The same as a module: `imports = [ (dbgen.lib.module { inherit pkgs; src = ./databases; }) ]`. `pkgs` cannot be the
  # module argument of that name, which is known only after the imports; take `nixpkgs.legacyPackages.<system>`.
  module = args: {
    _file = "dbgen.lib.module";
    imports = [ "${render args}" ];
  };

  # Fails, with the difference, when a committed module is not what its declarations render to: for a flake's `checks`.
  # `src` is the folder of the project file; `output` names the module in `src` where there is none.
  check =
    {
      pkgs,
      src,
      dbgen ? dbgenFor pkgs,
      name ? "dbgen-check",
      output ? null,
      templates ? null,
      extraArgs ? [ ],
    }:
    run {
      inherit
        pkgs
        dbgen
        src
        name
        ;
      command = ''
        dbgen render --check --diff ${arguments pkgs templates extraArgs} ${
          pkgs.lib.optionalString (output != null) ''-o ${pkgs.lib.escapeShellArg output} "$declarations"''
        } || {
          echo "run \`dbgen render\` and commit what it writes" >&2
          exit 1
        }
        touch "$out"
      '';
    };
}
