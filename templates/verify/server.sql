-- What a verification asks the server, in its maintenance database: it only reads. Each line of output is one JSON object; what the
-- role that asks may not read is left out.
SET default_transaction_read_only = on;
SET statement_timeout = '1min';
SELECT @want@ AS want \gset

SELECT json_build_object(
    'version', current_setting('server_version_num')::integer,
    'release', current_setting('server_version'),
    'user', current_user,
    'recovery', pg_is_in_recovery(),
    'host', :'HOST',
    'port', :'PORT',
    'listenAddresses', current_setting('listen_addresses'),
    'tls', current_setting('ssl')::boolean,
    'maxConnections', current_setting('max_connections')::integer,
    'reserved', current_setting('superuser_reserved_connections')::integer
      + coalesce(current_setting('reserved_connections', true), '0')::integer,
    'connections', (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL),
    'loaded', extract(epoch FROM pg_conf_load_time())::float8,
    -- Not everybody sees these: no row, no name.
    'hbaFile', (SELECT setting FROM pg_settings WHERE name = 'hba_file'),
    'identFile', (SELECT setting FROM pg_settings WHERE name = 'ident_file'))
FROM pg_roles
WHERE rolname = current_user;

WITH RECURSIVE above(member, roleid) AS (
  SELECT member, roleid
  FROM pg_auth_members
  UNION
  SELECT above.member, granted.roleid
  FROM above
  JOIN pg_auth_members AS granted ON granted.member = above.roleid
)
SELECT json_build_object('roles', coalesce(json_object_agg(role.rolname, json_build_object(
    'login', role.rolcanlogin,
    'superuser', role.rolsuper,
    'connectionLimit', role.rolconnlimit,
    'connections', (SELECT count(*) FROM pg_stat_activity AS session WHERE session.usesysid = role.oid),
    'validUntil', role.rolvaliduntil::text,
    'expired', coalesce(role.rolvaliduntil < now(), false),
    'memberOf', (
      SELECT coalesce(json_agg(DISTINCT other.rolname), '[]')
      FROM above
      JOIN pg_roles AS other ON other.oid = above.roleid
      WHERE above.member = role.oid))), '{}'))
FROM pg_roles AS role
WHERE role.rolname IN (SELECT jsonb_array_elements_text(:'want'::jsonb -> 'roles'));

SELECT json_build_object('databases', coalesce(json_object_agg(have.datname, json_build_object(
    'owner', pg_get_userbyid(have.datdba),
    'fixed', (
      SELECT coalesce(json_agg(json_build_object('attribute', attribute, 'wanted', wanted, 'found', found) ORDER BY nr), '[]')
      FROM (
-- @fixed
      ) AS fixed),
    'allowsConnections', have.datallowconn,
    'connectionLimit', have.datconnlimit,
    'connections', pg_stat_get_db_numbackends(have.oid),
    'mayConnect', (
      SELECT coalesce(json_agg(role.rolname), '[]')
      FROM pg_roles AS role
      WHERE role.rolname IN (SELECT jsonb_array_elements_text(:'want'::jsonb -> 'roles'))
        AND has_database_privilege(role.oid, have.oid, 'CONNECT')))), '{}'))
FROM jsonb_to_recordset(:'want'::jsonb -> 'databases') 
  AS want(name text, encoding text, lc_collate text, lc_ctype text, provider text, icu_locale text, icu_rules text, builtin_locale text)
JOIN pg_database AS have ON have.datname = want.name
-- Columns that this server lacks must not be named.
CROSS JOIN LATERAL (SELECT to_jsonb(have)) AS stored(row)
CROSS JOIN LATERAL (
  SELECT
    coalesce(CASE stored.row ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END, 'libc'),
    coalesce(stored.row ->> 'datlocale', stored.row ->> 'daticulocale'),
    stored.row ->> 'daticurules'
) AS its(provider, locale, rules);

SELECT has_column_privilege('pg_authid', 'rolpassword', 'SELECT') AS readable \gset
\if :readable
SELECT json_build_object('passwords', coalesce(json_object_agg(rolname, rolpassword), '{}'))
FROM pg_authid
WHERE rolname IN (SELECT jsonb_array_elements_text(:'want'::jsonb -> 'roles'));
\endif

-- A file that can't be read is an error of the server, and no reason to leave out the others.
\set ON_ERROR_STOP off
SELECT has_table_privilege('pg_hba_file_rules', 'SELECT') AND has_function_privilege('pg_hba_file_rules()', 'EXECUTE') AS readable \gset
\if :readable
SELECT json_build_object('hbaRows', coalesce(json_agg(rule ORDER BY line_number), '[]')) FROM pg_hba_file_rules AS rule;
\endif
SELECT current_setting('server_version_num')::integer >= 150000 AS readable \gset
\if :readable
SELECT has_table_privilege('pg_ident_file_mappings', 'SELECT') AND has_function_privilege('pg_ident_file_mappings()', 'EXECUTE')
  AS readable \gset
\if :readable
SELECT json_build_object('identRows', coalesce(json_agg(line ORDER BY line_number), '[]')) FROM pg_ident_file_mappings AS line;
\endif
\endif

-- The files themselves show what is quoted there, and when they were changed.
SELECT rolsuper AS readable FROM pg_roles WHERE rolname = current_user \gset
\if :readable
SELECT json_build_object('files', coalesce(json_object_agg(file.name, json_build_object(
    'text', encode(pg_read_binary_file(file.name, 0, 16777216, true), 'base64'),
    'changed', extract(epoch FROM (pg_stat_file(file.name, true)).modification)::float8)), '{}'))
FROM (
  SELECT current_setting('hba_file') UNION SELECT current_setting('ident_file')
  UNION SELECT to_jsonb(rule) ->> 'file_name' FROM pg_hba_file_rules AS rule
) AS file(name)
WHERE file.name IS NOT NULL;
\endif
