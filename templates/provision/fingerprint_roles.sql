-- What the server's roles are, as fingerprint_contents.sql.
SELECT concat_ws(' ', current_setting('server_version_num'), current_user, sum(hash))
FROM (
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_authid
  UNION ALL
  SELECT hashoidextended(roleid, xmin::text::int8) FROM pg_auth_members
  UNION ALL
  SELECT hashoidextended(setrole, xmin::text::int8) FROM pg_db_role_setting WHERE setdatabase = '0'
  UNION ALL
  SELECT hashoidextended(objoid, xmin::text::int8) FROM pg_shdescription WHERE classoid = 'pg_authid'::regclass
) AS catalogs(hash)
