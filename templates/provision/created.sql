-- What has become of it. What was refused is told with the rest of the databases (databases.sql). Looked at before it is set anew.
WITH state AS MATERIALIZED (
  SELECT planned, planned->0 AS step, current_setting('dbgen.refused')::jsonb AS refused, is_created,
    current_setting('dbgen.created')::integer + is_created::integer AS number
  FROM (SELECT current_setting('dbgen.creations')::jsonb) AS creations(planned)
  CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM pg_database WHERE format('database %I', datname) = planned #>> '{0,object}')) AS look(is_created)
)
SELECT
  is_created,
  planned - 0 <> '[]' AS create_some,
  format(E'dbgen_statements{%s} %s\n', :'series', number) AS creation_text,
  set_config('dbgen.creations', (planned - 0)::text, false) AS dbgen_creations,
  set_config('dbgen.created', number::text, false) AS dbgen_created,
  set_config('dbgen.steps', jsonb_build_array(step)::text, false) AS dbgen_steps,
  set_config('dbgen.refused', CASE WHEN is_created THEN refused
    ELSE refused || jsonb_build_object(step->>'object', jsonb_build_object('sql', step->'sql', 'why', :'LAST_ERROR_MESSAGE')) END::text, false)
    AS dbgen_refused
FROM state
