SELECT
  CASE WHEN :'format' = 'json'
    THEN jsonb_build_object(
      'version', 1, 'scope', :'scope', 'database', nullif(:'database', ''), 'mode', :'mode',
      'steps', coalesce(jsonb_agg(step ORDER BY nr), '[]'))::text
    ELSE coalesce(
      string_agg(
        format(
          '%s: %s%s%s',
          coalesce(nullif(:'database', ''), :'scope'),
          CASE WHEN step->>'kind' <> 'change' THEN step->>'kind' || ': ' END,
          coalesce(step->>'sql', step->>'object'),
          ' -- ' || (step->>'why')),
        E'\n' ORDER BY nr),
      '')
  END AS lines,
  :'format' = 'json' OR count(*) > 0 AS has_lines,
  coalesce(bool_or(step->>'kind' = 'failed' OR step->>'kind' = 'blocked' AND NOT :'plan'::boolean), false) AS unfinished,
  coalesce(
    string_agg(DISTINCT coalesce(step->>'of', step->>'object') || E'\n', '')
      FILTER (WHERE step->>'kind' IN ('failed', 'blocked')), '') AS obstacles,
  format(E'dbgen_statements{%s} %s\n', :'series', count(*) FILTER (WHERE step->>'kind' = 'change')) AS statements_line,
  (
    SELECT string_agg(
      format(
        E'dbgen_drift{%s,kind="%s"} %s\n', :'series', kind,
        (SELECT count(*) FROM jsonb_array_elements(current_setting('dbgen.steps')::jsonb) AS one WHERE one->>'kind' = kind)),
      '')
    FROM unnest('{change,found,blocked,pending,failed}'::text[]) AS kind) AS drift_lines,
  -- What another run of the program in place of this one has to count, too.
  CASE WHEN count(*) FILTER (WHERE step->>'kind' = 'change') > 0 AND NOT :'plan'::boolean
    THEN format(E'dbgen_statements{%s} %s\ndbgen_drift{%1$s,kind="change"} %2$s\n', :'series', count(*) FILTER (WHERE step->>'kind' = 'change'))
    ELSE '' END AS executed_lines
FROM jsonb_array_elements(current_setting('dbgen.steps')::jsonb) WITH ORDINALITY AS all_steps(step, nr)
