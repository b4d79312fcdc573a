-- Makes a PostgreSQL server what the declarations say. For psql, as a superuser:
--   psql --no-psqlrc --dbname postgres --file THIS                    do it, and log each statement
--   psql --no-psqlrc --dbname postgres --variable mode=plan --file THIS   print what would be done, change nothing
-- Further variables: format=json (one line for each part), metrics=FILE (for Prometheus), ready_file=FILE (the databases that
-- can be used, one in each line), without_passwords=on (leave the passwords as they are), leave_out='A B' (don't go to these
-- databases, and end as if they had failed; in a name all but letters, digits, - and _ is written as . with two hex digits for each
-- byte), connecting_file=FILE (the name, written like this, of the database that is connected to; then, as for metrics, what was executed before).
-- Exit status 3: something failed or is blocked; each database is done wholly or not at all, whatever becomes of the others.
-- Exit status 2: a connection failed or was lost, which ends psql: the databases after this one are not done. Run it again with
-- leave_out=THIS for the others, as dbgen and the unit do.
\set ON_ERROR_STOP on
\set QUIET on
-- Of statements that are sent together the last one answers.
\set SHOW_ALL_RESULTS off
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
\if :{?leave_out}
\else
\set leave_out ''
\endif
\set statements_text ''
\set creation_text ''
\set executed_text ''
\set drift_text ''
\set unfinished_in ''
\set separator ''
\set all_obstacles ''
\set doubtful off
\set finished ''
\set hypothetical ''
\set reachable on
\set unpinned []
\set passwords on
\if :{?without_passwords}
\set passwords off
\endif
SET statement_timeout TO 0 \;
SELECT
  @session@ AS session,
  @work@ AS work,
  @gate@ AS gate,
  @no_gate@ AS no_gate,
  @quick_gate@ AS quick_gate,
  @first_gate@ AS first_gate,
  @route@ AS route,
  @report@ AS report,
  @create@ AS create,
  @created@ AS created,
  @roles_program@ AS roles_program,
  @databases_program@ AS databases_program,
  @contents_program@ AS contents_program,
  @roles_fingerprint@ AS roles_fingerprint,
  @sum_of_names@ AS sum_of_names,
  @contents_fingerprint@ AS contents_fingerprint,
  @contents_fingerprint_with_versions@ AS contents_fingerprint_with_versions,
  -- A superuser is itself, whatever role a database has set for its sessions; others stay what they are at the start.
  (
    SELECT CASE WHEN rolsuper THEN 'none' ELSE pg_catalog.current_setting('role') END
    FROM pg_catalog.pg_roles
    WHERE rolname OPERATOR(pg_catalog.=) session_user) AS role,
  -- From 17; another one of the same kind in its place.
  CASE WHEN :SERVER_VERSION_NUM OPERATOR(pg_catalog.<) 170000 THEN 'statement_timeout' ELSE 'transaction_timeout' END
    AS transaction_timeout
\gset
:session \;
SELECT
  :'mode' = 'plan' AS plan,
  :'format' = 'json' AS json,
  :'mode' NOT IN ('plan', 'apply') OR :'format' NOT IN ('text', 'json') AS unknown,
  CASE :'mode' WHEN 'plan' THEN 'READ ONLY' ELSE 'READ WRITE' END AS access_mode,
  current_database() AS maintenance,
  pg_is_in_recovery() AS standby,
  current_setting('server_version_num')::integer < 140000 AS too_old,
  NOT current_setting('is_superuser')::boolean AS unprivileged,
  :'mode' = 'apply' AND NOT @names@::jsonb <@ (SELECT jsonb_agg(datname) FROM pg_database) AS create_some,
  :'leave_out' = '' AND @names@::jsonb <@ (
    SELECT coalesce(jsonb_agg(datname), '[]') FROM pg_database
    WHERE datallowconn AND datconnlimit <> -2 AND has_database_privilege(oid, 'CONNECT')) AS all_reachable,
  CASE WHEN current_setting('server_version_num')::integer < 150000
    THEN @databases_fingerprint@ ELSE @databases_fingerprint_with_parameters@ END AS databases_fingerprint
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
-- Nobody else can write what the gate reads.
\set gate :no_gate
\if :plan
\elif :{?without_superuser}
\else
DO $$ BEGIN RAISE EXCEPTION 'dbgen: "%" is no superuser; nothing was changed', current_user; END $$;
\endif
\endif
\set ON_ERROR_STOP off
