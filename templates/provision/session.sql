-- What databases and roles have set for their clients must not reach the program. Their owners above all set the search path, by which
-- even the name of a function in a query before this one would lead to theirs: statements with no name to look up come first.
SET search_path TO pg_catalog, pg_temp \;
-- What they allow a statement of their clients is not for the wait for the lock below.
SET statement_timeout TO 0 \;
-- No query of this transaction sees less than the wait for the lock below has made of the catalogs.
SET TRANSACTION ISOLATION LEVEL READ COMMITTED \;
SELECT
  set_config('role', :'role', false),
  set_config('default_transaction_isolation', 'read committed', false),
  set_config('default_transaction_read_only', 'off', false),
  set_config('default_transaction_deferrable', 'off', false),
  set_config('standard_conforming_strings', 'on', false),
  -- What is quoted is compared with what the server has quoted.
  set_config('quote_all_identifiers', 'off', false),
  set_config('exit_on_error', 'off', false),
  set_config('plpgsql.extra_errors', 'none', false),
  set_config('idle_session_timeout', '0', false),
  set_config(:'transaction_timeout', '0', false),
  -- The plans are small and their costs guessed: compiling them or starting workers would take longer than running them.
  set_config('jit', 'off', false),
  set_config('max_parallel_workers_per_gather', '0', false),
  set_config('lock_timeout', @lock_timeout@, false),
  set_config('statement_timeout', @statement_timeout@, false),
  -- The extensions whose version the host decides, for the fingerprint of the database.
  set_config('dbgen.unpinned', :'unpinned', false),
  -- Held until this session ends: two runs at a time would create the same things. The lock is per database.
  pg_advisory_lock(@lock@)
