-- What the server's shared catalogs say of databases, as fingerprint_contents.sql.
SELECT concat_ws(' ', current_setting('server_version_num'), sum(hash))
FROM (
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_database
  UNION ALL
  -- Without what is remembered itself.
  SELECT hash_record_extended((setdatabase, setrole, setting), '2') FROM pg_db_role_setting, unnest(setconfig) AS setting
  WHERE setdatabase <> '0' AND NOT (setrole = '10' AND starts_with(setting, 'dbgen.converged_'))
  UNION ALL
  SELECT hashoidextended(objoid, xmin::text::int8) FROM pg_shdescription WHERE classoid = 'pg_database'::regclass
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_tablespace
  UNION ALL
  @role_names@@parameters@
) AS catalogs(hash)
