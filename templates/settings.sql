-- Gives each database the parameters that are declared for it (ALTER DATABASE ... SET). Writes nothing when all of
-- them are in force. The declared parameters are data: format() and quote_ident() make the statements of them.
\set ON_ERROR_STOP on
SET standard_conforming_strings = on;
SET search_path = pg_catalog;
SET client_min_messages = warning;
SELECT pg_is_in_recovery() AS standby \gset
\if :standby
\echo 'dbgen: this server is a standby: nothing to do'
\quit
\endif
-- @declared
PREPARE missing AS
SELECT format(
  'ALTER DATABASE %I SET %s TO %s',
  wanted.database,
  (SELECT string_agg(quote_ident(part), '.' ORDER BY nr)
   FROM regexp_split_to_table(wanted.parameter, '[.]') WITH ORDINALITY AS parts(part, nr)),
  (SELECT string_agg(quote_literal(value), ', ' ORDER BY nr)
   FROM jsonb_array_elements_text(wanted."values") WITH ORDINALITY AS vals(value, nr)))
FROM jsonb_to_recordset(current_setting('dbgen.declared')::jsonb)
  AS wanted(database text, parameter text, "values" jsonb, names boolean)
JOIN pg_database ON datname = wanted.database
-- As the server stores it: names are quoted where they need it.
CROSS JOIN LATERAL (
  SELECT string_agg(CASE WHEN wanted.names THEN quote_ident(value) ELSE value END, ', ' ORDER BY nr) AS value
  FROM jsonb_array_elements_text(wanted."values") WITH ORDINALITY AS vals(value, nr)) AS stored
WHERE NOT EXISTS (
  SELECT
  FROM pg_db_role_setting
  WHERE setdatabase = pg_database.oid
    AND setrole = 0
    AND (wanted.parameter || '=' || stored.value) = ANY (setconfig))
ORDER BY 1;
-- Whatever the server refuses must not keep the other databases from theirs.
\set ON_ERROR_STOP off
EXECUTE missing \gexec
-- What is missing now was refused: it is tried once more, and ends the program.
\set ON_ERROR_STOP on
EXECUTE missing \gexec
