"""What people write in an afternoon instead: tomllib, a few checks, a template.

Usage: collector.py FILE.toml MODULE.nix
"""

import json
import sys
import tomllib
from pathlib import Path

import jinja2

TEMPLATE = r"""# @generated
{
  config,
  lib,
  pkgs,
  ...
}:
let
  rules = [
{% for database in databases %}
    {{ ('local "%s" "%s" peer' % (database.name, database.user)) | nix }}
{% endfor %}
{% for database in databases %}
    {{ ('host "%s" "%s" 127.0.0.1/32 scram-sha-256' % (database.name, database.user)) | nix }}
    {{ ('host "%s" "%s" ::1/128 scram-sha-256' % (database.name, database.user)) | nix }}
{% endfor %}
  ];
  settings = [
{% for database in databases %}
{% for parameter, value in database.extraConfig | dictsort %}
    {{ ({"database": database.name, "parameter": parameter, "values": [value | string]} | tojson) | nix }}
{% endfor %}
{% endfor %}
  ];
  lines = lib.concatMapStrings (line: line + "\n");
in
{
  options.qgroget.databases.postgresql = lib.mkOption {
    type = lib.types.attrsOf (lib.types.attrsOf lib.types.raw);
    default = { };
  };

  config = {
    qgroget.databases.postgresql = {
{% for name, service in services %}
      {{ name }} = {
{% for database in service.databases %}
        {{ database.name }} = {
          database = {{ database.name | nix }};
          host = "localhost";
          port = {{ database.port }};
          socketDirectory = "/run/postgresql";
          url = {{ ("postgresql://%s@localhost:%d/%s" % (database.user, database.port, database.name)) | nix }};
          username = {{ database.user | nix }};
        };
{% endfor %}
      };
{% endfor %}
    };

    services.postgresql = {
      enable = true;
      ensureDatabases = [
{% for database in databases %}
        {{ database.name | nix }}
{% endfor %}
      ];
      ensureUsers = [
{% for database in databases %}
        {
          ensureDBOwnership = true;
          name = {{ database.user | nix }};
        }
{% endfor %}
      ];
      authentication = lib.mkOrder 450 (lines rules);
    };

    environment.etc."dbgen-settings".text = lines settings;
  };
}
"""


def nix(value):
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return '"' + escaped.replace("\n", "\\n") + '"'


def main(source, target):
    with open(source, "rb") as file:
        services = tomllib.load(file)["services"]
    databases, seen = [], {}
    for name, service in sorted(services.items()):
        if not service.get("enable", True):
            continue
        for database in service.get("databases", []):
            for field in ("type", "name", "user"):
                if field not in database:
                    sys.exit(f"{name}: a database has no {field}")
            database.setdefault("port", 5432)
            database.setdefault("extraConfig", {})
            other = seen.setdefault(database["name"], name)
            if other != name:
                sys.exit(f"{database['name']} is declared by {other} and {name}")
            databases.append(database)
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    environment.filters["nix"] = nix
    environment.filters["tojson"] = json.dumps
    databases.sort(key=lambda database: database["name"])
    text = environment.from_string(TEMPLATE).render(services=sorted(services.items()), databases=databases)
    Path(target).write_text(text)


main(*sys.argv[1:])
