-- What is in this database, and sums over the contents, one line of JSON each. A dump that was restored has the same lines:
-- the order of rows and of columns does not count, because a restored table may have another one.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
-- A database may have settings of its own, and values must look the same in both.
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL row_security = off;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL timezone = 'UTC';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 3;
SET LOCAL lc_monetary = 'C';
SET LOCAL xmlbinary = 'base64';
SET LOCAL quote_all_identifiers = off;
SET LOCAL jit = off;

-- By name: numbers of objects differ. What the server makes by itself (for arrays, partitions, constraints) follows from the rest.
-- What belongs to an extension counts, because a dump has none of it: only what CREATE EXTENSION makes again comes back, not what
-- somebody has added to the extension or replaced in it.
SELECT jsonb_build_array(pg_describe_object(thing.class, thing.oid, 0), coalesce(replaceable.text, 'there'))
FROM (
  SELECT 'pg_namespace'::regclass, oid, oid FROM pg_namespace WHERE nspname <> 'public' AND nspname !~ '^pg_(toast_)?temp_'
  UNION ALL SELECT 'pg_class'::regclass, oid, relnamespace FROM pg_class WHERE relkind <> 't' AND relpersistence <> 't'
  UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
  UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type WHERE typtype IN ('d', 'e', 'r')
  UNION ALL SELECT 'pg_constraint'::regclass, oid, connamespace FROM pg_constraint
    WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND conparentid = 0 AND conislocal
  UNION ALL SELECT 'pg_trigger'::regclass, oid, 0 FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0
  UNION ALL SELECT 'pg_policy'::regclass, oid, 0 FROM pg_policy
  UNION ALL SELECT 'pg_rewrite'::regclass, oid, 0 FROM pg_rewrite WHERE ev_type <> '1'
  UNION ALL SELECT 'pg_attrdef'::regclass, oid, 0 FROM pg_attrdef
  UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_operator WHERE oprcode <> 0
  UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace FROM pg_opclass
  UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace FROM pg_opfamily
  UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_collation
  UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace FROM pg_conversion
  UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_ts_config
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_ts_dict
  UNION ALL SELECT 'pg_ts_parser'::regclass, oid, prsnamespace FROM pg_ts_parser
  UNION ALL SELECT 'pg_ts_template'::regclass, oid, tmplnamespace FROM pg_ts_template
  UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_statistic_ext
  UNION ALL SELECT 'pg_cast'::regclass, oid, 0 FROM pg_cast
  UNION ALL SELECT 'pg_transform'::regclass, oid, 0 FROM pg_transform
  UNION ALL SELECT 'pg_am'::regclass, oid, 0 FROM pg_am
  UNION ALL SELECT 'pg_language'::regclass, oid, 0 FROM pg_language
  UNION ALL SELECT 'pg_extension'::regclass, oid, 0 FROM pg_extension WHERE extname <> 'plpgsql'
  UNION ALL SELECT 'pg_event_trigger'::regclass, oid, 0 FROM pg_event_trigger
  UNION ALL SELECT 'pg_publication'::regclass, oid, 0 FROM pg_publication
  UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0 FROM pg_foreign_data_wrapper
  UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 0 FROM pg_foreign_server
  UNION ALL SELECT 'pg_user_mapping'::regclass, oid, 0 FROM pg_user_mapping
) AS thing(class, oid, namespace)
LEFT JOIN LATERAL (
  SELECT extension.extname
  FROM pg_depend AS belongs
  JOIN pg_extension AS extension ON extension.oid = belongs.refobjid
  WHERE belongs.classid = thing.class AND belongs.objid = thing.oid AND belongs.deptype = 'e'
) AS owner ON true
LEFT JOIN LATERAL (
  SELECT concat('with the text ', md5(concat(routine.prosrc, ' ', routine.probin))) AS text
  FROM pg_proc AS routine
  WHERE thing.class = 'pg_proc'::regclass AND routine.oid = thing.oid AND owner.extname IS NOT NULL
) AS replaceable ON true
-- Every database has plpgsql; in one that pg_upgrade made, its parts have numbers like anybody's.
WHERE thing.oid >= 16384 AND owner.extname IS DISTINCT FROM 'plpgsql' AND thing.namespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast|temp_|toast_temp_)');

-- Rows, those in the tables of extensions too: a dump has only what an extension asks to be dumped. Generated columns count.
SELECT format(
  'SELECT jsonb_build_array(%L, concat(count(*), '' rows, sum '', sum(hashtextextended(ROW(%s)::text COLLATE "C", 0)::numeric)))'
    ' FROM ONLY %I.%I',
  format('rows of %s', pg_describe_object('pg_class'::regclass, held.oid, 0)), named.columns, place.nspname, held.relname)
FROM pg_class AS held
JOIN pg_namespace AS place ON place.oid = held.relnamespace
LEFT JOIN LATERAL (
  SELECT string_agg(format('%I', attname), ', ' ORDER BY attname COLLATE "C") AS columns
  FROM pg_attribute WHERE attrelid = held.oid AND attnum > 0 AND NOT attisdropped
) AS named ON true
WHERE held.relkind = 'r' AND held.relpersistence <> 't' AND held.oid >= 16384 \gexec

SELECT format('SELECT jsonb_build_array(%L, concat(last_value, '' '', is_called)) FROM %I.%I',
  format('value of %s', pg_describe_object('pg_class'::regclass, held.oid, 0)), place.nspname, held.relname)
FROM pg_class AS held
JOIN pg_namespace AS place ON place.oid = held.relnamespace
WHERE held.relkind = 'S' AND held.relpersistence <> 't' AND held.oid >= 16384 \gexec

-- A hole in a large object reads as zeros.
SELECT jsonb_build_array(format('large object %s', held.oid), coalesce(
  (SELECT concat('sum ', sum(hashtextextended(concat(page.pageno, ' ', md5(rtrim(page.data, '\x00'))), 0)::numeric))
    FROM pg_largeobject AS page WHERE page.loid = held.oid AND rtrim(page.data, '\x00') <> ''), 'empty'))
FROM pg_largeobject_metadata AS held;
COMMIT;
