
-- What is the same for all databases.
\set contents_gate :gate
\if :unprivileged
\else
SELECT
  -- What a database is asked at the first glance: of the sum over the names of the roles only its value.
  replace(:'contents_fingerprint', :'sum_of_names', quote_literal(names)) AS contents_glance,
  replace(:'contents_fingerprint_with_versions', :'sum_of_names', quote_literal(names)) AS contents_glance_with_versions,
  number = jsonb_array_length(@names@) AND session_user = pg_get_userbyid(10) AS all_remembered,
  number = 0 AS none_remembered
FROM (:sum_of_names) AS roles(names)
CROSS JOIN (
  SELECT count(*)
  FROM jsonb_array_elements_text(@names@) AS declared(name)
  JOIN pg_database ON datname = declared.name::name
  JOIN pg_db_role_setting ON setdatabase = pg_database.oid
  WHERE setrole = 10 AND EXISTS (SELECT FROM unnest(setconfig) AS setting WHERE starts_with(setting, 'dbgen.converged_contents='))
) AS remembered(number)
\gset
\if :all_remembered
\set contents_gate :quick_gate
\elif :none_remembered
\set contents_gate :first_gate
\endif
\endif
