# Versions.
_:
let
  part = n: version: builtins.elemAt (builtins.splitVersion version) n;
in
{
  major = part 0;
  minor = part 1;
  patch = part 2;
  majorMinor = version: "${part 0 version}.${part 1 version}";
  versionOlder = a: b: builtins.compareVersions b a == 1;
  versionAtLeast = a: b: builtins.compareVersions b a != 1;
}
