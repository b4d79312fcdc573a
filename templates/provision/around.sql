
-- What is the same for all databases.
\set contents_gate :gate
\if :unprivileged
\else
SELECT
  (SELECT sum(hash) FROM (:names_of_roles) AS roles(hash)) AS roles_seen,
  count(*) = jsonb_array_length(@names@) AND session_user = pg_get_userbyid(10) AS all_remembered,
  count(*) = 0 AS none_remembered
FROM jsonb_array_elements_text(@names@) AS declared(name)
JOIN pg_database ON datname = declared.name::name
JOIN pg_db_role_setting ON setdatabase = pg_database.oid
WHERE setrole = 10 AND EXISTS (SELECT FROM unnest(setconfig) AS setting WHERE starts_with(setting, 'dbgen.converged_contents='))
\gset
\if :all_remembered
\set contents_gate :quick_gate
\elif :none_remembered
\set contents_gate :first_gate
\endif
\endif
