-- What the server's roles are, as fingerprint_contents.sql.
SELECT md5(concat_ws(' ', current_setting('server_version_num'), current_user, sum(hash)))
FROM (
  SELECT hash_record_extended((oid, xmin), 1) FROM pg_authid
  UNION ALL
  SELECT hash_record_extended((roleid, member, grantor, xmin), 2) FROM pg_auth_members
  UNION ALL
  SELECT hash_record_extended((setrole, xmin), 3) FROM pg_db_role_setting WHERE setdatabase = 0
  UNION ALL
  SELECT hash_record_extended((objoid, xmin), 4) FROM pg_shdescription WHERE classoid = 'pg_authid'::regclass
) AS catalogs(hash)
