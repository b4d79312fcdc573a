  -- Everything is as declared, and nothing is to be reported: what the catalogs are now is remembered where only a superuser
  -- can write, and as long as they are the same there is nothing to look at.
  IF applying AND current_setting('is_superuser')::boolean AND steps = '[]' AND jsonb_array_length(desired->'before') + jsonb_array_length(desired->'after') = 0
    -- What the fingerprint leaves out.
    AND NOT desired->'grants' @> '[{"kind": "largeObject"}]'
    AND NOT desired->'grants' @> '[{"schema": "pg_catalog"}]'
    AND NOT desired->'grants' @> '[{"schema": "information_schema"}]'
  THEN
    message := @fingerprint@;
    IF NOT EXISTS (
      SELECT FROM pg_db_role_setting
      WHERE setrole = 10 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND 'dbgen.converged=' || message = ANY (setconfig))
    THEN
      step := jsonb_build_object(
        'kind', 'record',
        'object', format('database %I', current_database()),
        'sql', format('ALTER ROLE %I IN DATABASE %I SET dbgen.converged TO %L', pg_get_userbyid(10), current_database(), message),
        'why', 'so that the next run sees at once that nothing has changed');
      EXECUTE step->>'sql';
      executed := executed || step;
    END IF;
  END IF;
