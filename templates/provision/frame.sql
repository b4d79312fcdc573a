\set ON_ERROR_STOP on
\encoding UTF8
-- @session
SELECT $dbgen_part$@contents_program@$dbgen_part$ AS contents_program \gset
SET dbgen.desired TO @roles_desired@;
@roles_program@;
SET dbgen.desired TO @databases_desired@;
@databases_program@;
-- @each database
\connect -reuse-previous=on @connect@
-- @session
BEGIN;
SET LOCAL lock_timeout TO @lock_timeout@;
SET LOCAL statement_timeout TO @statement_timeout@;
SELECT set_config('dbgen.desired', @desired@, true) IS NULL AS ignored \gset
:contents_program;
COMMIT;
-- @end
-- @report
