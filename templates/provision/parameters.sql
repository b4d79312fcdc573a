
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_parameter_acl
