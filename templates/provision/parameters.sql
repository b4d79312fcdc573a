
  UNION ALL
  SELECT hash_record_extended((oid, xmin), 6) FROM pg_parameter_acl
