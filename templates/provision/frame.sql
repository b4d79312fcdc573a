-- Makes a PostgreSQL server what the declarations say. For psql, as a superuser:
--   psql --no-psqlrc --dbname postgres --file THIS                    do it, and log each statement
--   psql --no-psqlrc --dbname postgres --variable mode=plan --file THIS   print what would be done, change nothing
-- Further variables: format=json (one line for each part), metrics=FILE (for Prometheus), ready_file=FILE (the databases that
-- can be used, one in each line), without_passwords=on (leave the passwords as they are).
-- Exit status 3: something failed or is blocked; each database is done wholly or not at all, whatever becomes of the others.
\set ON_ERROR_STOP on
\set QUIET on
\encoding UTF8
\set SHOW_CONTEXT never
\pset pager off
\pset format unaligned
\pset tuples_only on
\if :{?mode}
\else
\set mode apply
\endif
\if :{?format}
\else
\set format text
\endif
\set changes 0
\set others 0
\set statements_text ''
\set drift_text ''
\set unfinished_in ''
\set all_obstacles ''
\set doubtful off
\set finished ''
SELECT
  :'mode' = 'plan' AS plan,
  :'format' = 'json' AS json,
  :'mode' NOT IN ('plan', 'apply') OR :'format' NOT IN ('text', 'json') AS unknown,
  CASE :'mode' WHEN 'plan' THEN 'READ ONLY' ELSE '' END AS access_mode,
  current_database() AS maintenance,
  pg_is_in_recovery() AS standby,
  current_setting('server_version_num')::integer < 140000 AS too_old,
  current_setting('is_superuser')::boolean AS superuser,
  :'mode' = 'apply' AND NOT current_setting('is_superuser')::boolean AS unprivileged
\gset
\if :unknown
DO $$ BEGIN RAISE EXCEPTION 'dbgen: mode is plan or apply, format is text or json'; END $$;
\endif
\if :too_old
DO $$ BEGIN RAISE EXCEPTION 'dbgen: this server is older than PostgreSQL 14'; END $$;
\endif
\if :standby
\warn 'dbgen: this server is a standby: nothing to do'
\quit
\endif
\if :unprivileged
\if :{?without_superuser}
\else
DO $$ BEGIN RAISE EXCEPTION 'dbgen: "%" is no superuser; nothing was changed', current_user; END $$;
\endif
\endif
SELECT @roles_program@ AS roles_program \gset
SELECT @databases_program@ AS databases_program \gset
SELECT @contents_program@ AS contents_program \gset
SELECT @report@ AS report \gset
SELECT @gate_program@ AS gate \gset
SELECT @gate_with_versions_program@ AS gate_with_versions \gset
SELECT @session@ AS session \gset
SELECT @route@ AS route \gset

-- Roles, and what the server's shared catalogs say of databases.
\set database ''
\set document ''
\set unpinned []
\set label ''
:session \gset dbgen_
-- Held until this session ends: two runs at a time would create the same things. The lock is per database.
SELECT pg_advisory_lock(@lock@), set_config('dbgen.mode', :'mode', false) \gset dbgen_

\set ON_ERROR_STOP off
\set scope roles
\set done off
BEGIN :access_mode;
SELECT set_config('dbgen.desired', @roles@, false) \gset dbgen_
\if :{?without_passwords}
SELECT set_config(
  'dbgen.desired',
  (desired || jsonb_build_object('roles', (SELECT jsonb_agg(role - 'password') FROM jsonb_array_elements(desired->'roles') AS role)))::text,
  false)
FROM (SELECT current_setting('dbgen.desired')::jsonb AS desired) AS declared \gset dbgen_
\endif
:roles_program
\if :ERROR
ROLLBACK;
\else
:report \gset
\if :has_lines
\echo :lines
\endif
COMMIT;
\if :ERROR
\else
\set done on
\set statements_text :statements_text :statements_line
\set drift_text :drift_text :drift_lines
\endif
\endif
\if :done
\if :unfinished
\set unfinished_in :unfinished_in ' roles'
\set all_obstacles :all_obstacles :obstacles
\set doubtful on
\endif
\else
\set unfinished_in :unfinished_in ' roles'
\set all_obstacles 'roles\n'
\set doubtful on
\endif

\set scope databases
\set done off
SELECT set_config('dbgen.desired', @databases@, false) \gset dbgen_
SELECT NOT :'plan'::boolean AND EXISTS (
  SELECT FROM jsonb_array_elements(current_setting('dbgen.desired')::jsonb->'databases') AS declared
  WHERE declared->>'name' NOT IN (SELECT datname FROM pg_database)) AS create_some \gset
\if :create_some
-- CREATE DATABASE can't run in a transaction.
\set scope creation
SELECT set_config('dbgen.only', 'create', false), set_config('dbgen.mode', 'plan', false) \gset dbgen_
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
SELECT set_config('dbgen.only', '', false), set_config('dbgen.mode', :'mode', false) \gset dbgen_
\set scope databases
\endif
BEGIN :access_mode;
:databases_program
\if :ERROR
ROLLBACK;
\else
:report \gset
\if :has_lines
\echo :lines
\endif
COMMIT;
\if :ERROR
\else
\set done on
\set statements_text :statements_text :statements_line
\set drift_text :drift_text :drift_lines
\endif
\endif
\if :done
\if :unfinished
\set unfinished_in :unfinished_in ' databases'
\set all_obstacles :all_obstacles :obstacles
\set doubtful on
\endif
\else
\set unfinished_in :unfinished_in ' databases'
\set all_obstacles 'databases\n'
\set doubtful on
\endif

\set scope contents
-- @each database

\set database @shown@
\set label @label@
\set template @template@
\set document @document@
\set unpinned @unpinned@
\set done off
\set settled off
:route \gset
\if :reachable
\connect -reuse-previous=on :target
:session \gset dbgen_
\if :superuser
:@gate@ \gset
\endif
\if :settled
\set lines ''
\set has_lines off
\set unfinished off
\set statements_line 'dbgen_statements{scope="contents",database="' :label '"} 0\n'
\set drift_lines 'dbgen_drift{scope="contents",database="' :label '",kind="change"} 0\n'
\set done on
\if :json
:report \gset
\endif
\else
BEGIN :access_mode;
SELECT pg_advisory_xact_lock(@lock@), set_config('dbgen.mode', :'mode', false),
  set_config('dbgen.hypothetical', :'hypothetical', false), set_config('dbgen.desired', @desired@, false) \gset dbgen_
:contents_program
\if :ERROR
ROLLBACK;
\else
:report \gset
\if :has_lines
\echo :lines
\endif
\set has_lines off
COMMIT;
\if :ERROR
\else
\set done on
\endif
\endif
\endif
\if :done
\if :has_lines
\echo :lines
\endif
\set statements_text :statements_text :statements_line
\set drift_text :drift_text :drift_lines
\endif
\endif
\if :done
\if :unfinished
\set unfinished_in :unfinished_in ' ' :database
\else
\set ready on
\if :doubtful
-- What stands in the way of other databases and roles only is no obstacle.
SELECT NOT EXISTS (
  SELECT FROM string_to_table(:'all_obstacles', E'\n') AS object
  WHERE object <> '' AND (object !~ '^(database|role) ' OR object IN (@needs@))) AS ready \gset
\endif
\if :ready
\set finished :finished @ready@ '\n'
\endif
\endif
\else
\set unfinished_in :unfinished_in ' ' :database
\endif
-- @end

\if :{?metrics}
\o :metrics
\qecho -n :statements_text
\qecho -n :drift_text
\o
\endif
\if :{?ready_file}
\o :ready_file
\qecho -n :finished
\o
\endif
\set ON_ERROR_STOP on
SELECT :'unfinished_in' <> '' AS failed \gset
\if :failed
\warn 'dbgen: not everything is as declared:' :unfinished_in
DO $$ BEGIN RAISE EXCEPTION 'see above'; END $$;
\endif
