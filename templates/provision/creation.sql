
-- CREATE DATABASE can't run in a transaction.
\if :create_some
\set scope creation
\set series 'scope="creation",database=""'
:work \;
SELECT set_config('dbgen.object', 'databases', false), set_config('dbgen.mode', 'plan', false), set_config('dbgen.only', 'create', false), set_config('dbgen.desired', @desired@, false) \gset dbgen_
:databases_program
\if :ERROR
\else
:report \gset
\if :has_lines
\echo :lines
\endif
\set statements_text :statements_text :statements_line
SELECT step->>'sql' FROM jsonb_array_elements(current_setting('dbgen.steps')::jsonb) AS step WHERE step->>'kind' = 'change' \gexec
\endif
SELECT set_config('dbgen.only', '', false) \gset dbgen_
\set all_reachable off
\endif
