SELECT
  set_config('client_min_messages', 'warning', false),
  -- Dates without a zone mean the same wherever this runs.
  set_config('TimeZone', 'UTC', false),
  set_config('DateStyle', 'ISO, YMD', false),
  -- The second round of a run has the same queries as the first.
  set_config('plan_cache_mode', 'force_generic_plan', false),
  -- Reading the program once is enough.
  set_config('check_function_bodies', 'off', false),
  set_config('idle_in_transaction_session_timeout', '10min', false),
  set_config('dbgen.mode', :'mode', false),
  set_config('dbgen.passwords', :'passwords', false)
