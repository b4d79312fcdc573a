-- Where to look at the database unless it is left out, asked in the session before: psql ends when a connection fails. A database that is still
-- to be created is planned as a copy of its template. The settings of that session hold here: standard_conforming_strings, too.
SELECT
  '"dbname=''' || replace(replace(replace(name, E'\\', E'\\\\'), '''', E'\\'''), '"', '""') || ''' client_encoding=UTF8"' AS target,
  hypothetical, name <> '' AS reachable
FROM (
  SELECT 0, '', '' WHERE :'name' = ANY (string_to_array(:'leave_out', ' '))
  UNION ALL
  SELECT 1, datname, '' FROM pg_database
  WHERE datname = :'database' AND datallowconn AND datconnlimit <> -2 AND has_database_privilege(oid, 'CONNECT')
  UNION ALL
  SELECT 2, datname, 'template' FROM pg_database
  WHERE datname = coalesce(nullif(:'template', ''), 'template1') AND datallowconn AND has_database_privilege(oid, 'CONNECT')
    AND :'plan'::boolean AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
  UNION ALL
  SELECT 3, :'maintenance', 'pristine'
  WHERE :'plan'::boolean AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
  UNION ALL
  SELECT 4, '', ''
) AS candidates(rank, name, hypothetical)
ORDER BY rank
LIMIT 1
