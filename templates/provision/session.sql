SELECT
  set_config('search_path', 'pg_catalog', false),
  -- The plans are small and their costs guessed: compiling them or starting workers would take longer than running them.
  set_config('jit', 'off', false),
  set_config('max_parallel_workers_per_gather', '0', false),
  set_config('lock_timeout', @lock_timeout@, false),
  set_config('statement_timeout', @statement_timeout@, false),
  -- The extensions whose version the host decides, for the fingerprint of the database.
  set_config('dbgen.unpinned', :'unpinned', false),
  -- Held until this session ends: two runs at a time would create the same things. The lock is per database.
  pg_advisory_lock(@lock@)
