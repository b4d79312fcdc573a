-- What the catalogs of a database are. Each change of a row makes a new one with another xmin; oid tells rows of one transaction apart.
SELECT md5(concat_ws(' ', current_setting('server_version_num'), sum(hash)@versions@))
FROM (
  SELECT hash_record_extended((oid, xmin), 1) FROM pg_class
  WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND relpersistence <> 't'
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 2) FROM pg_proc WHERE oid >= 16384
  UNION ALL
  -- Not the types of arrays; those of tables come and go with them.
  SELECT hash_record_extended((oid, xmin), 3) FROM pg_type
  WHERE oid >= 16384 AND typsubscript <> 'array_subscript_handler'::regproc AND (typtype <> 'c' OR typacl IS NOT NULL)
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 4) FROM pg_namespace WHERE nspname !~ '^pg_t'
  UNION ALL
  SELECT hash_record_extended((attrelid, attnum, xmin), 5) FROM pg_attribute WHERE attrelid >= 16384 AND attacl IS NOT NULL
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 6) FROM pg_default_acl
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 7) FROM pg_extension
  UNION ALL
  SELECT hash_record_extended((classid, objid), 8) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 9) FROM pg_language
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 10) FROM pg_foreign_data_wrapper
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 11) FROM pg_foreign_server
  UNION ALL
  SELECT hash_record_extended((oid, rolname), 12) FROM pg_authid
) AS catalogs(hash)
