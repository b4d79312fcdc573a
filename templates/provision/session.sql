SELECT
  set_config('search_path', 'pg_catalog', false),
  set_config('standard_conforming_strings', 'on', false),
  set_config('client_min_messages', 'warning', false),
  -- Dates without a zone mean the same wherever this runs.
  set_config('TimeZone', 'UTC', false),
  set_config('DateStyle', 'ISO, YMD', false),
  -- The plans are small and their costs guessed: compiling them or starting workers would take longer than running them.
  set_config('jit', 'off', false),
  set_config('max_parallel_workers_per_gather', '0', false),
  -- The second round of a run has the same queries as the first.
  set_config('plan_cache_mode', 'force_generic_plan', false),
  -- Reading the program once is enough.
  set_config('check_function_bodies', 'off', false),
  set_config('lock_timeout', @lock_timeout@, false),
  set_config('statement_timeout', @statement_timeout@, false),
  set_config('idle_in_transaction_session_timeout', '10min', false),
  -- What the declarations and the program are, for the fingerprint of the database.
  set_config('dbgen.document', :'document', false),
  set_config('dbgen.unpinned', :'unpinned', false),
  set_config('dbgen.steps', '[]', false)
