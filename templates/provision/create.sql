SELECT current_setting('dbgen.creations')::jsonb #>> '{0,sql}'
