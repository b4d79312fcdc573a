-- What the server's shared catalogs say of databases, as fingerprint_contents.sql.
SELECT md5(concat_ws(' ', current_setting('server_version_num'), sum(hash)))
FROM (
  SELECT hash_record_extended((oid, xmin), 1) FROM pg_database
  UNION ALL
  -- Without what is remembered itself.
  SELECT hash_record_extended((setdatabase, setrole, setting), 2) FROM pg_db_role_setting, unnest(setconfig) AS setting
  WHERE setdatabase <> 0 AND NOT (setrole = 10 AND starts_with(setting, 'dbgen.converged_'))
  UNION ALL
  SELECT hash_record_extended((objoid, xmin), 3) FROM pg_shdescription WHERE classoid = 'pg_database'::regclass
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 4) FROM pg_tablespace
  UNION ALL
  SELECT hash_record_extended((oid, rolname), 5) FROM pg_authid@parameters@
) AS catalogs(hash)
