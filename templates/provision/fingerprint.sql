(SELECT md5(concat_ws(' ',
  current_setting('dbgen.document'),
  current_setting('server_version_num'),
  -- Each change of a row makes a new one with another xmin; oid tells rows of one transaction apart.
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_class
    WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND relpersistence <> 't'),
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_proc WHERE oid >= 16384),
  -- Not the types of arrays; those of tables come and go with them.
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_type
    WHERE oid >= 16384 AND typsubscript <> 'array_subscript_handler'::regproc AND (typtype <> 'c' OR typacl IS NOT NULL)),
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_namespace WHERE nspname !~ '^pg_t'),
  (SELECT sum(hash_record_extended((attrelid, attnum, xmin), 0)) FROM pg_attribute WHERE attrelid >= 16384 AND attacl IS NOT NULL),
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_default_acl),
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_extension),
  (SELECT sum(hash_record_extended((classid, objid), 0)) FROM pg_depend
    WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'),
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_language),
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_foreign_data_wrapper),
  (SELECT sum(hash_record_extended((oid, xmin), 0)) FROM pg_foreign_server),
  (SELECT sum(hash_record_extended((oid, rolname), 0)) FROM pg_authid)@versions@
)))
