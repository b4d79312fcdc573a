# What a definition says beside its value: under which condition, with which priority, in which order.
# Numbers from the NixOS manual, "Setting Priorities" and "Ordering Definitions".
lib:
let
  tag = value: if builtins.isAttrs value then value._type or null else null;
  under = wrap: value: if builtins.isAttrs value then builtins.mapAttrs (_: wrap) value else value;
in
{
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOrder = priority: content: {
    _type = "order";
    inherit priority content;
  };
  mkForce = lib.mkOverride 50;
  mkImageMediaOverride = lib.mkOverride 60;
  mkDefault = lib.mkOverride 1000;
  mkOptionDefault = lib.mkOverride 1500;
  mkBefore = lib.mkOrder 500;
  mkAfter = lib.mkOrder 1500;
  mkAssert =
    condition: message: content:
    if condition then content else throw "\nFailed assertion: ${message}";

  # An attribute set of definitions as a list of plain ones: conditions and priorities move down to the attributes,
  # so that a condition may depend on the configuration that it is part of.
  pushDown =
    value:
    {
      merge = builtins.concatMap lib.pushDown value.contents;
      "if" = map (under (lib.mkIf value.condition)) (lib.pushDown value.content);
      override = map (under (lib.mkOverride value.priority)) (lib.pushDown value.content);
    }
    .${toString (tag value)} or [ value ];

  # The definitions of one option, of which the conditions hold.
  discharge =
    value:
    {
      merge = builtins.concatMap lib.discharge value.contents;
      "if" = if value.condition then lib.discharge value.content else [ ];
    }
    .${toString (tag value)} or [ value ];

  # The definitions with the strongest priority, in order, without the wrappers. A definition is { file, value }.
  strongest =
    definitions:
    let
      priority = d: if tag d.value == "override" then d.value.priority else 100;
      best = builtins.foldl' (acc: d: lib.min acc (priority d)) 9999 definitions;
      bare = d: if tag d.value == "override" then d // { value = d.value.content; } else d;
      order = d: if tag d.value == "order" then d.value.priority else 1000;
      unordered = d: if tag d.value == "order" then d // { value = d.value.content; } else d;
      kept = map bare (builtins.filter (d: priority d == best) definitions);
    in
    map unordered (builtins.sort (a: b: order a < order b) kept);
}
