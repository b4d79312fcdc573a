
-- CREATE DATABASE can't run in a transaction.
\if :create_some
\set scope creation
\set series 'scope="creation",database=""'
:work \;
SELECT set_config('dbgen.object', 'databases', false), set_config('dbgen.mode', 'plan', false), set_config('dbgen.only', 'create', false),
  set_config('dbgen.desired', @desired@, false), set_config('dbgen.steps', '[]', false) \gset dbgen_
:databases_program
SELECT set_config('dbgen.only', '', false) AS dbgen_only, set_config('dbgen.creations', current_setting('dbgen.steps'), false) AS dbgen_creations,
  set_config('dbgen.refused', '{}', false) AS dbgen_refused, set_config('dbgen.created', '0', false) AS dbgen_created,
  current_setting('dbgen.steps') <> '[]' AS create_some
\gset
\set all_reachable off
\endif
