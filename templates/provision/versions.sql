,
  -- The version that an extension without a declared one should have comes from the host.
  (
    SELECT string_agg(default_version, ' ' ORDER BY name) FROM pg_available_extensions()
    WHERE current_setting('dbgen.unpinned')::jsonb ? name::text)
