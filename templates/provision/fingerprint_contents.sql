-- What the catalogs of a database are. Each change of a row makes a new one with an xmin that none had before; oid tells rows of one
-- transaction apart. This is run at each visit of a database, by a session that has parsed nothing yet, and nearly all of its time is
-- parsing and planning: that is why constants are quoted (no cast to look for) and few functions and operators do for all.
SELECT concat_ws(' ', current_setting('server_version_num'), sum(hash), (@sum_of_names@)@versions@)
FROM (
  -- Not indexes and what is toasted, and nothing of a session.
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_class
  WHERE oid >= '16384' AND relkind <> 'i' AND relkind <> 'I' AND relkind <> 't' AND relpersistence <> 't'
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_proc WHERE oid >= '16384'
  UNION ALL
  -- Not the types of arrays, which have none themselves; those of tables come and go with them.
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_type
  WHERE oid >= '16384' AND typarray <> '0' AND (typtype <> 'c' OR typacl IS NOT NULL)
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_namespace WHERE nspname !~ '^pg_t'
  UNION ALL
  SELECT hashoidextended(attrelid, xmin::text::int8) FROM pg_attribute WHERE attrelid >= '16384' AND attacl IS NOT NULL
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_default_acl
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_extension
  UNION ALL
  -- What belongs to an extension, not what only depends on it: 3079 is pg_extension. Such a row is never changed, only made and deleted.
  SELECT hashoidextended(objid, classid::int8) FROM pg_depend WHERE refclassid = '3079' AND deptype = 'e'
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_language
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_foreign_data_wrapper
  UNION ALL
  SELECT hashoidextended(oid, xmin::text::int8) FROM pg_foreign_server
) AS catalogs(hash)
