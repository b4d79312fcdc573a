# Lists.
lib: {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    genList
    groupBy
    head
    length
    map
    partition
    sort
    tail
    ;
  singleton = x: [ x ];
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: xs: if condition then xs else [ ];
  toList = x: if builtins.isList x then x else [ x ];
  flatten = x: if builtins.isList x then builtins.concatMap lib.flatten x else [ x ];
  unique = builtins.foldl' (seen: x: if builtins.elem x seen then seen else seen ++ [ x ]) [ ];
  last = xs: builtins.elemAt xs (builtins.length xs - 1);
  init = xs: lib.take (builtins.length xs - 1) xs;
  take = n: xs: builtins.genList (builtins.elemAt xs) (lib.min n (builtins.length xs));
  drop = n: xs: builtins.genList (i: builtins.elemAt xs (i + n)) (lib.max 0 (builtins.length xs - n));
  foldr =
    f: start: xs:
    builtins.foldl' (acc: x: f x acc) start (lib.reverseList xs);
  reverseList =
    xs:
    let
      n = builtins.length xs;
    in
    builtins.genList (i: builtins.elemAt xs (n - i - 1)) n;
  range = first: last: builtins.genList (i: first + i) (lib.max 0 (last - first + 1));
  imap0 = f: xs: builtins.genList (i: f i (builtins.elemAt xs i)) (builtins.length xs);
  imap1 = f: lib.imap0 (i: f (i + 1));
  zipListsWith =
    f: xs: ys:
    builtins.genList (i: f (builtins.elemAt xs i) (builtins.elemAt ys i)) (
      lib.min (builtins.length xs) (builtins.length ys)
    );
  findFirst =
    found: default: xs:
    let
      hits = builtins.filter found xs;
    in
    if hits == [ ] then default else builtins.head hits;
  count = found: xs: builtins.length (builtins.filter found xs);
  subtractLists = gone: builtins.filter (x: !builtins.elem x gone);
  intersectLists = kept: builtins.filter (x: builtins.elem x kept);
  naturalSort = builtins.sort builtins.lessThan;
  sortOn = key: builtins.sort (a: b: key a < key b);
  allUnique = xs: builtins.length (lib.unique xs) == builtins.length xs;
}
