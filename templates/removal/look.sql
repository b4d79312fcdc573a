-- What is still there of what shall be removed, what stands in the way, and what time it is. One line of JSON.
SELECT jsonb_build_object(
  'time', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'),
  'databases', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'name', have.datname,
      'quoted', format('%I', have.datname),
      'oid', have.oid::bigint,
      'limit', coalesce(kept.value::integer, have.datconnlimit),
      'closed', kept.value IS NOT NULL,
      -- As it is, so that a dump of it finds what it needs. Columns that this server lacks must not be named.
      'like', concat_ws(' ', 'TEMPLATE template0',
        format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(have.encoding), have.datcollate, have.datctype),
        CASE its.row ->> 'datlocprovider' WHEN 'i' THEN 'LOCALE_PROVIDER icu' WHEN 'b' THEN 'LOCALE_PROVIDER builtin' END,
        CASE its.row ->> 'datlocprovider' WHEN 'b' THEN 'BUILTIN_LOCALE ' WHEN 'i' THEN 'ICU_LOCALE ' END
          || quote_literal(coalesce(its.row ->> 'datlocale', its.row ->> 'daticulocale')),
        'ICU_RULES ' || quote_literal(its.row ->> 'daticurules'),
        (SELECT format('TABLESPACE %I', place.spcname) FROM pg_tablespace AS place WHERE place.oid = have.dattablespace)),
      'obstacles', (
        SELECT coalesce(jsonb_agg(told.why ORDER BY told.nr, told.why), '[]')
        FROM (
          SELECT 1, 'it is the database that dbgen is connected to: connect to another one'
          WHERE have.datname = current_database()
          UNION ALL
          SELECT 2, format('it is a template: ALTER DATABASE %I IS_TEMPLATE false', have.datname)
          WHERE have.datistemplate
          UNION ALL
          SELECT 3, format('it is invalid, because DROP DATABASE was interrupted: it can''t be dumped, only dropped (DROP DATABASE %I)',
            have.datname)
          WHERE have.datconnlimit = -2
          UNION ALL
          SELECT 4, format('it takes no connections, so that it can''t be dumped: ALTER DATABASE %I ALLOW_CONNECTIONS true', have.datname)
          WHERE NOT have.datallowconn AND have.datconnlimit <> -2
          UNION ALL
          SELECT 5, concat('it is in use by process ', active.pid, concat_ws(', ',
            coalesce(' (' || active.usename, ' (' || active.backend_type), nullif(active.application_name, ''),
            host(active.client_addr), 'since ' || date_trunc('second', active.backend_start)), '): end it first')
          FROM pg_stat_activity AS active
          -- What DROP DATABASE itself sends away is no obstacle.
          WHERE active.datid = have.oid AND active.pid <> pg_backend_pid() AND active.backend_type <> 'autovacuum worker'
          UNION ALL
          SELECT 6, format('it has the prepared transaction %L: end it first', prepared.gid)
          FROM pg_prepared_xacts AS prepared
          WHERE prepared.database = have.datname
          UNION ALL
          SELECT 7, format('it has the replication slot %L: drop it first', slot.slot_name)
          FROM pg_replication_slots AS slot
          WHERE slot.database = have.datname
          UNION ALL
          SELECT 8, format('it has the subscription %I: drop it first', subscribed.subname)
          FROM pg_subscription AS subscribed
          WHERE subscribed.subdbid = have.oid
        ) AS told(nr, why))
      ) ORDER BY have.datname), '[]')
    FROM jsonb_array_elements_text(:'databases') AS named(name)
    JOIN pg_database AS have ON have.datname = named.name
    CROSS JOIN LATERAL (SELECT to_jsonb(have) AS row) AS its
    LEFT JOIN LATERAL (
      SELECT substr(item, length('dbgen.connection_limit=') + 1) AS value
      FROM pg_db_role_setting AS setting
      CROSS JOIN unnest(setting.setconfig) AS item
      WHERE setting.setdatabase = have.oid AND setting.setrole = 0 AND starts_with(item, 'dbgen.connection_limit=')
    ) AS kept ON true),
  'roles', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'name', have.rolname,
      'quoted', format('%I', have.rolname),
      'databases', (
        SELECT coalesce(jsonb_agg(DISTINCT place.datname) FILTER (WHERE place.datallowconn), '[]')
        FROM pg_shdepend AS dependency
        JOIN pg_database AS place ON place.oid = dependency.dbid
        WHERE dependency.refclassid = 'pg_authid'::regclass AND dependency.refobjid = have.oid),
      'shared', EXISTS (
        SELECT FROM pg_shdepend AS dependency
        WHERE dependency.refclassid = 'pg_authid'::regclass AND dependency.refobjid = have.oid AND dependency.dbid = 0
          AND NOT (dependency.classid = 'pg_database'::regclass AND dependency.objid IN (
            SELECT gone.oid FROM pg_database AS gone
            WHERE gone.datname IN (SELECT jsonb_array_elements_text(:'leaving'))))),
      'obstacles', (
        SELECT coalesce(jsonb_agg(told.why ORDER BY told.nr, told.why), '[]')
        FROM (
          SELECT 1, 'it belongs to the server itself' WHERE have.oid < 16384
          UNION ALL
          SELECT 2, 'it is the role that dbgen is connected as' WHERE have.rolname IN (current_user, session_user)
          UNION ALL
          SELECT 3, concat('it is logged in to ', active.datname, ' (process ', active.pid, '): end that first')
          FROM pg_stat_activity AS active
          WHERE active.usesysid = have.oid AND active.pid <> pg_backend_pid()
          UNION ALL
          SELECT DISTINCT 4, format('something in database %I needs it, which takes no connections', place.datname)
          FROM pg_shdepend AS dependency
          JOIN pg_database AS place ON place.oid = dependency.dbid
          WHERE dependency.refclassid = 'pg_authid'::regclass AND dependency.refobjid = have.oid AND NOT place.datallowconn
          UNION ALL
          SELECT 5, format('it %s %s', CASE dependency.deptype WHEN 'o' THEN 'owns' ELSE 'has privileges on' END,
            pg_describe_object(dependency.classid, dependency.objid, dependency.objsubid))
          FROM pg_shdepend AS dependency
          WHERE dependency.refclassid = 'pg_authid'::regclass AND dependency.refobjid = have.oid AND dependency.dbid = 0
            AND NOT (dependency.classid = 'pg_database'::regclass AND dependency.objid IN (
              SELECT gone.oid FROM pg_database AS gone
              WHERE gone.datname IN (SELECT jsonb_array_elements_text(:'leaving'))))
        ) AS told(nr, why))
      ) ORDER BY have.rolname), '[]')
    FROM jsonb_array_elements_text(:'roles') AS named(name)
    JOIN pg_roles AS have ON have.rolname = named.name));
