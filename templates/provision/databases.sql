-- The difference of the databases of a server: which are missing, what they are, their settings, and the privileges on
-- databases, tablespaces and parameters. It only reads, and each kind of thing in one query over all databases. With
-- dbgen.only = 'create' it tells of the creation alone, which can't be part of a transaction.
DECLARE
  creating constant boolean := coalesce(current_setting('dbgen.only', true) = 'create', false);
  way_out constant text := 'an existing database keeps these: dump it with pg_dump, create one with another name as declared, restore'
    ' the dump into it, and exchange the names by ALTER DATABASE ... RENAME TO; or declare what is there';
  -- What the server has said to the creation of those that it refused.
  refused constant jsonb := coalesce(nullif(current_setting('dbgen.refused', true), ''), '{}');
  -- Databases that nothing more is done for.
  skipped text[] := '{}';
  absent text[];
  undeclared text[];
  -- Those whose attributes, privileges and settings may differ.
  differing text[];
  granted text[];
  configured text[];
  parameter_acls jsonb := '[]';
  more jsonb;
BEGIN
  -- Compared with what the server has stored, nearly everything is as declared: the exact queries, which also tell what
  -- differs, look at the rest.
  SELECT
    array_agg(want.name) FILTER (WHERE have.oid IS NULL),
    array_agg(have.datname::text) FILTER (WHERE want.name IS NULL AND NOT have.datistemplate AND have.datname <> 'postgres'),
    coalesce(array_agg(want.name) FILTER (WHERE want.name IS NOT NULL AND (have.oid IS NULL
      OR NOT have.datallowconn
      OR have.datconnlimit <> coalesce(want."connectionLimit", -1)
      OR pg_get_userbyid(have.datdba) <> want.owner
      OR pg_char_to_encoding(want.encoding) <> have.encoding
      OR have.datcollate <> want."collate"
      OR have.datctype <> want.ctype
      OR num_nonnulls(want."localeProvider", want."icuLocale", want."icuRules", want."builtinLocale") > 0
        AND NOT to_jsonb(have) @> jsonb_strip_nulls(jsonb_build_object(
          'datlocprovider', left(lower(want."localeProvider" COLLATE "C"), 1),
          CASE WHEN version < 170000 THEN 'daticulocale' ELSE 'datlocale' END, coalesce(want."icuLocale", want."builtinLocale"),
          'daticurules', want."icuRules"))
      OR (SELECT place.spcname FROM pg_tablespace AS place WHERE place.oid = have.dattablespace) <> want.tablespace
      OR coalesce(said.description, '') <> want.comment)), '{}'),
    coalesce(array_agg(want.name) FILTER (WHERE want.name IS NOT NULL AND (have.datacl IS NULL AND (want.public IS DISTINCT FROM 'keep' OR jsonb_array_length(want.grants) > 0)
      OR pg_get_userbyid(have.datdba) <> want.owner
      OR (
        SELECT cardinality(have.datacl) <> 1 + count(DISTINCT item.entry)
          OR NOT have.datacl::text[] @> (ARRAY[format('%s=CTc/%1$s', pg_get_userbyid(have.datdba))] || array_agg(item.entry))
        FROM (
          -- An unusual name makes null, which is in no array.
          SELECT format('%s=', given.grantee)
            || CASE WHEN given.privileges IS NULL OR given.privileges && '{CREATE}' THEN format('C%s', given.star) ELSE '' END
            || CASE WHEN given.privileges IS NULL OR given.privileges && '{TEMPORARY,TEMP}' THEN format('T%s', given.star) ELSE '' END
            || CASE WHEN given.privileges IS NULL OR given.privileges && '{CONNECT}' THEN format('c%s', given.star) ELSE '' END
            || CASE WHEN concat(given.grantee, pg_get_userbyid(have.datdba)) !~ '[^A-Za-z0-9_]'
              THEN format('/%s', pg_get_userbyid(have.datdba)) END
          FROM (
            SELECT listed.grantee, listed.privileges, CASE WHEN listed.grantable AND listed.grantee IS NOT NULL THEN '*' END
            FROM jsonb_to_recordset(want.grants) AS listed(grantee text, privileges text[], grantable boolean)
            WHERE listed.grantee IS DISTINCT FROM pg_get_userbyid(have.datdba)
          ) AS given(grantee, privileges, star)
        ) AS item(entry)
      ))), '{}'),
    coalesce(array_agg(want.name) FILTER (WHERE want.name IS NOT NULL AND (have.oid IS NULL
      OR jsonb_array_length(want."roleSettings") > 0
      -- What the server's superuser has there may be only what is remembered of the database (engine.sql).
      OR EXISTS (
        SELECT FROM pg_db_role_setting AS kept
        WHERE kept.setdatabase = have.oid AND kept.setrole <> 0
          AND NOT (kept.setrole = 10
            AND (SELECT bool_and(starts_with(setting, 'dbgen.converged_')) FROM unnest(kept.setconfig) AS setting)))
      OR (
        SELECT coalesce(cardinality(kept.setconfig), 0) <> count(*) + least(count(*), 1)
          OR NOT kept.setconfig @> (
            array_agg(format('%s=%s', given.parameter, CASE
              WHEN given.names OR jsonb_array_length(given."values") <> 1 THEN (
                SELECT string_agg(CASE WHEN given.names THEN quote_ident(part.value) ELSE part.value END, ', ' ORDER BY part.nr)
                FROM jsonb_array_elements_text(given."values") WITH ORDINALITY AS part(value, nr))
              ELSE given."values" ->> 0 END))
            || format('dbgen.managed=%s', string_agg(lower(given.parameter COLLATE "C"), ', ')))
        FROM jsonb_to_recordset(want.settings) AS given(parameter text, "values" jsonb, names boolean)
      ))), '{}')
  INTO absent, undeclared, differing, granted, configured
  FROM jsonb_to_recordset(desired -> 'databases')
    AS want(name text, owner text, encoding text, "collate" text, ctype text, "localeProvider" text, "icuLocale" text,
      "icuRules" text, "builtinLocale" text, tablespace text, "connectionLimit" integer, comment text, public text,
      settings jsonb, "roleSettings" jsonb, grants jsonb)
  FULL JOIN pg_database AS have ON have.datname::text = want.name
  LEFT JOIN pg_shdescription AS said ON said.objoid = have.oid AND said.classoid = 'pg_database'::regclass
  LEFT JOIN pg_db_role_setting AS kept ON kept.setdatabase = have.oid AND kept.setrole = 0;

  IF absent IS NOT NULL THEN
    WITH RECURSIVE missing AS MATERIALIZED (
      SELECT want.*, concat_ws('; ',
        CASE WHEN lower(want.provider COLLATE "C") = 'icu' AND version < 150000
          THEN 'a database with the locale provider icu needs PostgreSQL 15' END,
        CASE WHEN lower(want.provider COLLATE "C") = 'builtin' AND version < 170000
          THEN 'the locale provider builtin needs PostgreSQL 17' END,
        CASE WHEN want.icu_rules IS NOT NULL AND version < 160000
          THEN 'ICU rules of a database need PostgreSQL 16' END,
        CASE WHEN pg_char_to_encoding(want.encoding) = -1
          THEN format('the server does not know the encoding %L', want.encoding) END,
        CASE WHEN want.template <> ALL (absent)
            AND NOT EXISTS (SELECT FROM pg_database AS other WHERE other.datname = want.template)
          THEN format('its template %I does not exist', want.template) END,
        CASE WHEN NOT EXISTS (SELECT FROM pg_tablespace AS place WHERE place.spcname = want.tablespace)
            AND want.tablespace IS NOT NULL
          THEN format('the tablespace %I does not exist: create it first (CREATE TABLESPACE %1$I LOCATION ...)', want.tablespace) END
        ) AS obstacle
      FROM ROWS FROM (jsonb_to_recordset(desired -> 'databases')
        AS (name text, owner text, encoding text, "collate" text, ctype text, "localeProvider" text, "icuLocale" text,
          "icuRules" text, "builtinLocale" text, template text, tablespace text, "connectionLimit" integer))
        WITH ORDINALITY AS want(name, owner, encoding, lc_collate, lc_ctype, provider, icu_locale, icu_rules, builtin_locale,
          template, tablespace, connections, nr)
      WHERE want.name = ANY (absent)
    ), creation AS (
      -- A template that is missing itself comes before its copies.
      SELECT missing.name, 0 AS depth
      FROM missing
      WHERE missing.obstacle = '' AND (missing.template IS NULL OR missing.template <> ALL (absent))
      UNION ALL
      SELECT missing.name, creation.depth + 1
      FROM creation
      JOIN missing ON missing.template = creation.name AND missing.obstacle = ''
    ), told AS (
      SELECT missing.nr, missing.name, creation.depth,
        jsonb_build_object(
          'kind', 'change',
          'object', format('database %I', missing.name),
          'outside', true,
          'sql', concat_ws(' ', format('CREATE DATABASE %I', missing.name),
            CASE WHEN missing.owner IS NOT NULL THEN format('OWNER %I', missing.owner) END,
            CASE WHEN missing.template IS NOT NULL THEN format('TEMPLATE %I', missing.template)
              -- No other template is copied into another encoding or locale.
              WHEN num_nonnulls(missing.encoding, missing.lc_collate, missing.lc_ctype, missing.provider, missing.icu_locale,
                missing.icu_rules, missing.builtin_locale) > 0 THEN 'TEMPLATE template0' END,
            CASE WHEN missing.encoding IS NOT NULL THEN format('ENCODING %L', missing.encoding) END,
            CASE WHEN missing.provider IS NOT NULL AND version >= 150000
              THEN format('LOCALE_PROVIDER %I', lower(missing.provider COLLATE "C")) END,
            -- LOCALE would say ICU's locale too, where the cluster's provider is icu.
            CASE WHEN missing.lc_collate IS NOT NULL THEN format('LC_COLLATE %L', missing.lc_collate) END,
            CASE WHEN missing.lc_ctype IS NOT NULL THEN format('LC_CTYPE %L', missing.lc_ctype) END,
            CASE WHEN missing.icu_locale IS NOT NULL THEN format('ICU_LOCALE %L', missing.icu_locale) END,
            CASE WHEN missing.icu_rules IS NOT NULL THEN format('ICU_RULES %L', missing.icu_rules) END,
            CASE WHEN missing.builtin_locale IS NOT NULL THEN format('BUILTIN_LOCALE %L', missing.builtin_locale) END,
            CASE WHEN missing.tablespace IS NOT NULL THEN format('TABLESPACE %I', missing.tablespace) END,
            CASE WHEN missing.connections IS NOT NULL THEN format('CONNECTION LIMIT %s', missing.connections) END),
          'why', 'the database does not exist') AS step
      FROM missing
      JOIN creation USING (name)
      WHERE creating OR NOT applying
      UNION ALL
      SELECT missing.nr, missing.name, NULL,
        jsonb_build_object(
          'kind', 'blocked',
          'object', format('database %I', missing.name),
          'why', format('the database does not exist, and %s', CASE
            WHEN creation.name IS NOT NULL THEN 'its creation was not tried: the next run does that'
            WHEN missing.obstacle <> '' THEN format('can''t be created: %s', missing.obstacle)
            ELSE format('can''t be created: its template %I can''t be created', missing.template) END))
          || CASE WHEN refused ? format('database %I', missing.name)
            THEN (refused -> format('database %I', missing.name)) || '{"kind": "failed"}' ELSE '{}' END
      FROM missing
      LEFT JOIN creation USING (name)
      WHERE NOT creating AND (applying OR creation.name IS NULL)
    )
    SELECT
      jsonb_agg(told.step ORDER BY told.depth NULLS FIRST, told.nr),
      coalesce(array_agg(told.name) FILTER (WHERE told.depth IS NULL), '{}')
    INTO more, skipped
    FROM told;
    steps := steps || coalesce(more, '[]');
  END IF;

  IF undeclared IS NOT NULL AND NOT creating THEN
    SELECT jsonb_agg(jsonb_build_object(
      'kind', CASE WHEN desired -> 'removed' ? have.datname::text THEN 'pending' ELSE 'found' END,
      'object', format('database %I', have.datname),
      'why', CASE WHEN desired -> 'removed' ? have.datname::text
        THEN 'removed by declaration: dbgen apply --remove drops it, after a verified dump'
        WHEN have.datconnlimit = -2 THEN 'not declared, and invalid: DROP DATABASE was interrupted'
        ELSE 'not declared: left as it is' END) ORDER BY have.datname)
    INTO more
    FROM pg_database AS have
    WHERE have.datname = ANY (undeclared);
    steps := steps || more;
  END IF;

  IF differing <> '{}' AND NOT creating THEN
    SELECT jsonb_agg(
        jsonb_strip_nulls(jsonb_build_object('kind', told.kind, 'object', format('database %I', told.name), 'sql', told.sql, 'why', told.why))
        ORDER BY told.nr, told.rank)
    INTO more
    FROM (
      SELECT want.nr, want.name, fact.*
      FROM ROWS FROM (jsonb_to_recordset(desired -> 'databases')
        AS (name text, converge text, owner text, encoding text, "collate" text, ctype text, "localeProvider" text, "icuLocale" text,
          "icuRules" text, "builtinLocale" text, tablespace text, "connectionLimit" integer, comment text))
        WITH ORDINALITY AS want(name, converge, owner, encoding, lc_collate, lc_ctype, provider, icu_locale, icu_rules, builtin_locale,
          tablespace, connections, remark, nr)
      LEFT JOIN pg_database AS have ON have.datname = want.name
      LEFT JOIN pg_shdescription AS said
        ON said.objoid = have.oid AND said.classoid = 'pg_database'::regclass AND want.remark IS NOT NULL
      -- Columns that this server lacks must not be named.
      LEFT JOIN LATERAL (
        SELECT
          coalesce(CASE found.row ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END, 'libc') AS provider,
          coalesce(found.row ->> 'datlocale', found.row ->> 'daticulocale') AS locale,
          found.row ->> 'daticurules' AS rules
        FROM (SELECT to_jsonb(have) AS row) AS found
      ) AS its ON have.oid IS NOT NULL
        AND num_nonnulls(want.provider, want.icu_locale, want.icu_rules, want.builtin_locale) > 0
      CROSS JOIN LATERAL (
        SELECT 1 AS rank, 'blocked' AS kind, NULL AS sql,
          format('the database is invalid: DROP DATABASE was interrupted, and nothing but DROP DATABASE %I is possible; drop it, and'
            ' let it be created anew from a dump', want.name) AS why
        WHERE have.datconnlimit = -2
        UNION ALL
        SELECT 2, 'blocked', NULL,
          format('the database takes no connections, so that nothing in it can be seen or changed: ALTER DATABASE %I ALLOW_CONNECTIONS true',
            want.name)
        WHERE NOT have.datallowconn
        UNION ALL
        SELECT 3, 'blocked', NULL, format('%s; %s', differs.told, way_out)
        FROM (
          SELECT string_agg(format('%s %L is declared, and it is %L', fixed.attribute, fixed.wanted, fixed.found), '; ' ORDER BY fixed.nr) AS told
          FROM (
-- @fixed
          ) AS fixed
          OFFSET 0
        ) AS differs
        WHERE have.oid IS NOT NULL AND differs.told <> ''
        UNION ALL
        SELECT 4, 'blocked', NULL,
          format('TABLESPACE %I is declared, and it is %I; while nobody is connected, ALTER DATABASE %I SET TABLESPACE %1$I moves it%4$s',
            want.tablespace, place.spcname, want.name,
            CASE WHEN NOT EXISTS (SELECT FROM pg_tablespace AS other WHERE other.spcname = want.tablespace)
              THEN ', once the tablespace exists (CREATE TABLESPACE)' END)
        FROM pg_tablespace AS place
        WHERE want.tablespace IS NOT NULL AND place.oid = have.dattablespace AND place.spcname <> want.tablespace
        UNION ALL
        SELECT 5, 'change', format('ALTER DATABASE %I OWNER TO %I', want.name, want.owner),
          format('the owner is %I', pg_get_userbyid(have.datdba))
        WHERE pg_get_userbyid(have.datdba) <> want.owner
        UNION ALL
        SELECT 6, CASE WHEN want.connections IS NOT NULL OR coalesce(want.converge = 'authoritative', exact) THEN 'change' ELSE 'found' END,
          format('ALTER DATABASE %I CONNECTION LIMIT %s', want.name, coalesce(want.connections, -1)),
          format('the connection limit is %s%s', have.datconnlimit, CASE WHEN want.connections IS NULL THEN ', not declared' END)
        WHERE have.datconnlimit <> coalesce(want.connections, -1)
        UNION ALL
        SELECT 7, 'change', format('COMMENT ON DATABASE %I IS %L', want.name, nullif(want.remark, '')),
          CASE WHEN said.description IS NULL THEN 'there is no comment' ELSE 'the comment differs' END
        WHERE coalesce(said.description, '') <> want.remark
      ) AS fact
      WHERE want.name = ANY (differing) AND want.name <> ALL (skipped) AND (have.datconnlimit IS DISTINCT FROM -2 OR fact.rank = 1)
    ) AS told;
    steps := steps || coalesce(more, '[]');
  END IF;

  IF NOT creating THEN
    skipped := skipped || ARRAY(SELECT have.datname::text FROM pg_database AS have WHERE have.datconnlimit = -2);

    IF version >= 150000 THEN
      SELECT coalesce(jsonb_agg(jsonb_build_object('name', given.parname, 'acl', given.paracl::text)), '[]')
      INTO parameter_acls
      FROM pg_parameter_acl AS given;
    ELSIF desired ? 'parameters' THEN
      SELECT jsonb_agg(DISTINCT jsonb_build_object('kind', 'blocked', 'object', format('parameter %s', want.name),
        'why', 'privileges on parameters are declared, and need PostgreSQL 15'))
      INTO more
      FROM jsonb_to_recordset(desired -> 'parameters') AS want(name text);
      steps := steps || coalesce(more, '[]');
    END IF;

    IF desired ? 'tablespaces' THEN
      SELECT jsonb_agg(DISTINCT jsonb_build_object('kind', 'pending', 'object', format('tablespace %I', want.name),
        'why', 'privileges are declared, and the tablespace does not exist'))
      INTO more
      FROM jsonb_to_recordset(desired -> 'tablespaces') AS want(name text)
      WHERE NOT EXISTS (SELECT FROM pg_tablespace AS have WHERE have.spcname = want.name);
      steps := steps || coalesce(more, '[]');
    END IF;
  END IF;

  IF NOT creating AND (granted <> '{}' OR parameter_acls <> '[]' OR jsonb_array_length(desired -> 'parameters') > 0
    OR jsonb_array_length(desired -> 'tablespaces') > 0
    OR EXISTS (SELECT FROM pg_tablespace AS have WHERE have.spcacl::text[] <> acldefault('t', have.spcowner)::text[])) THEN
    -- Roles by name, which may not exist yet; PUBLIC has the name that no role has. What a database that does not exist
    -- yet, or has another owner yet, will have then is what counts.
    WITH RECURSIVE target AS MATERIALIZED (
      SELECT 'd'::"char" AS class, want.nr, 'DATABASE' AS noun, format('%I', want.name) AS name,
        coalesce(have.datdba, 10) AS holder, coalesce(want.owner, pg_get_userbyid(have.datdba)::text) AS owner,
        coalesce(want.converge = 'authoritative', exact) AS strict, coalesce(want.public, 'revoke') AS public, want.grants,
        have.datacl AS acl
      FROM ROWS FROM (jsonb_to_recordset(desired -> 'databases')
        AS (name text, owner text, converge text, public text, grants jsonb))
        WITH ORDINALITY AS want(name, owner, converge, public, grants, nr)
      LEFT JOIN pg_database AS have ON have.datname = want.name
      WHERE want.name = ANY (granted) AND want.name <> ALL (skipped)
      UNION ALL
      SELECT 't', 0, 'TABLESPACE', format('%I', have.spcname), have.spcowner, pg_get_userbyid(have.spcowner), exact, 'found',
        want.grants, have.spcacl
      FROM pg_tablespace AS have
      LEFT JOIN (
        SELECT declared.item ->> 'name', jsonb_agg(declared.item)
        FROM jsonb_array_elements(desired -> 'tablespaces') AS declared(item)
        GROUP BY 1
      ) AS want(name, grants) ON want.name = have.spcname
      WHERE have.spcacl IS NOT NULL OR want.name IS NOT NULL
      UNION ALL
      SELECT 'p', 0, 'PARAMETER',
        (SELECT string_agg(quote_ident(part.name), '.' ORDER BY part.nr)
          FROM regexp_split_to_table(coalesce(have.name, want.name), '[.]') WITH ORDINALITY AS part(name, nr)),
        10, pg_get_userbyid(10), exact, 'found', want.grants, have.acl::aclitem[]
      FROM jsonb_to_recordset(parameter_acls) AS have(name text, acl text)
      FULL JOIN (
        SELECT lower((declared.item ->> 'name') COLLATE "C"), jsonb_agg(declared.item)
        FROM jsonb_array_elements(desired -> 'parameters') AS declared(item)
        WHERE version >= 150000
        GROUP BY 1
      ) AS want(name, grants) ON want.name = have.name
    ), entry AS MATERIALIZED (
      SELECT target.noun, target.name, target.owner, target.strict AND NOT (item.grantee = 0 AND target.public = 'keep') AS strict,
        item.privilege_type AS privilege, item.is_grantable AS grantable,
        CASE item.grantor WHEN target.holder THEN target.owner ELSE pg_get_userbyid(item.grantor)::text END AS grantor,
        CASE item.grantee WHEN 0 THEN '' WHEN target.holder THEN target.owner ELSE pg_get_userbyid(item.grantee)::text END AS grantee,
        CASE WHEN item.grantee <> 0 THEN 'found'
          -- What PUBLIC has from the beginning is kept with the rest.
          WHEN target.public <> 'keep' THEN target.public
          WHEN item.privilege_type IN ('CONNECT', 'TEMPORARY') THEN 'keep'
          ELSE 'found' END AS public
      FROM target
      CROSS JOIN LATERAL aclexplode(coalesce(target.acl, acldefault(target.class, target.holder::oid))) AS item
      WHERE item.grantee <> target.holder
    ), had AS MATERIALIZED (
      -- What the owner gave; an owner change may make one of two entries.
      SELECT entry.noun, entry.name, entry.strict, entry.public, entry.grantee, entry.privilege, bool_or(entry.grantable) AS grantable
      FROM entry
      WHERE entry.grantor = entry.owner AND entry.grantee <> entry.owner
      GROUP BY 1, 2, 3, 4, 5, 6
    ), owned AS (
      -- The owner's entries, which are granted when they are declared, and on a database in any case; and never revoked.
      SELECT target.noun, target.name, item.privilege_type AS privilege, bool_or(item.is_grantable) AS grantable
      FROM target
      CROSS JOIN LATERAL aclexplode(coalesce(target.acl, acldefault(target.class, target.holder::oid))) AS item
      WHERE (target.class = 'd' OR EXISTS (
          SELECT FROM jsonb_to_recordset(target.grants) AS given(grantee text) WHERE given.grantee = target.owner))
        AND (item.grantee = target.holder OR pg_get_userbyid(item.grantee) = target.owner)
      GROUP BY 1, 2, 3
    ), need AS MATERIALIZED (
      SELECT target.noun, target.name, target.owner, coalesce(given.grantee, '') AS grantee, privilege.canonical AS privilege,
        -- An owner may grant what it has anyway.
        coalesce(bool_or(given.grantable AND given.grantee <> target.owner), false) AS grantable
      FROM target
      CROSS JOIN LATERAL (
        SELECT declared.grantee, declared.privileges, declared.grantable
        FROM jsonb_to_recordset(target.grants) AS declared(grantee text, privileges text[], grantable boolean)
        UNION ALL
        SELECT target.owner, NULL, false WHERE target.class = 'd'
      ) AS given(grantee, privileges, grantable)
      CROSS JOIN LATERAL unnest(coalesce(given.privileges, CASE target.class
        WHEN 'd' THEN '{CREATE,CONNECT,TEMPORARY}' WHEN 't' THEN '{CREATE}' ELSE '{SET,ALTER SYSTEM}' END::text[])) AS listed(privilege)
      CROSS JOIN LATERAL (
        SELECT CASE WHEN upper(listed.privilege COLLATE "C") = 'TEMP' THEN 'TEMPORARY'
          WHEN upper(listed.privilege COLLATE "C") IN ('CREATE', 'CONNECT', 'TEMPORARY', 'SET', 'ALTER SYSTEM') THEN upper(listed.privilege COLLATE "C")
          ELSE quote_ident(listed.privilege) END
      ) AS privilege(canonical)
      GROUP BY 1, 2, 3, 4, 5
    ), handed AS (
      -- What others than the owner gave: the farthest from the owner goes first, for nothing may depend on what is revoked.
      SELECT entry.*, 1 AS depth
      FROM entry
      WHERE entry.grantor <> entry.owner AND entry.grantee <> entry.owner
      UNION ALL
      SELECT entry.*, handed.depth + 1
      FROM handed
      JOIN entry USING (noun, name, privilege)
      WHERE entry.grantor = handed.grantee AND handed.grantee <> '' AND handed.depth < 100
    ), difference AS (
      SELECT 5 AS rank, need.noun, need.name, 'change' AS kind, need.grantee, need.grantable, NULL AS grantor, need.privilege,
        CASE WHEN coalesce(had.privilege, owned.privilege) IS NULL THEN 'is missing' ELSE 'has no grant option' END AS state, NULL AS way
      FROM need
      LEFT JOIN had USING (noun, name, grantee, privilege)
      LEFT JOIN owned ON owned.noun = need.noun AND owned.name = need.name AND owned.privilege = need.privilege AND need.grantee = need.owner
      WHERE coalesce(had.privilege, owned.privilege) IS NULL OR need.grantable AND NOT coalesce(had.grantable, owned.grantable)
      UNION ALL
      SELECT CASE had.grantee WHEN '' THEN 2 ELSE 3 END, had.noun, had.name,
        CASE WHEN had.public = 'revoke' OR had.strict THEN 'change' ELSE 'found' END,
        had.grantee, false, NULL, had.privilege, 'is not declared', NULL
      FROM had
      LEFT JOIN need USING (noun, name, grantee, privilege)
      WHERE need.privilege IS NULL AND had.public <> 'keep'
      UNION ALL
      SELECT 4, had.noun, had.name, CASE WHEN had.strict THEN 'change' ELSE 'found' END, had.grantee, true, NULL, had.privilege,
        'has a grant option that is not declared', NULL
      FROM had
      JOIN need USING (noun, name, grantee, privilege)
      WHERE had.grantable AND NOT need.grantable
      UNION ALL
      SELECT 1 - judged.depth, judged.noun, judged.name, CASE WHEN judged.public = 'revoke' OR judged.strict THEN 'change' ELSE 'found' END,
        judged.grantee, false, judged.giver, judged.privilege, 'is not declared', (
-- @way
        FROM (
          SELECT to_regrole(quote_ident(nullif(entry.grantee, '')))::oid, entry.grantable
          FROM entry
          WHERE entry.noun = judged.noun AND entry.name = judged.name AND entry.privilege = judged.privilege
        ) AS held(role, is_grantable))
      FROM (
        SELECT handed.noun, handed.name, handed.public, handed.strict, handed.grantee, handed.privilege, handed.grantor,
          to_regrole(quote_ident(handed.grantor))::oid, to_regrole(quote_ident(handed.owner))::oid, max(handed.depth)
        FROM handed
        WHERE handed.public <> 'keep'
        GROUP BY handed.noun, handed.name, handed.public, handed.strict, handed.grantee, handed.privilege, handed.grantor, handed.owner
      ) AS judged(noun, name, public, strict, grantee, privilege, giver, grantor, owner, depth)
    ), step AS (
      SELECT difference.rank, difference.noun, difference.name, difference.kind, difference.grantee, difference.grantable,
        difference.grantor, difference.state, difference.way,
        string_agg(difference.privilege, ', '
          ORDER BY array_position('{CREATE,CONNECT,TEMPORARY,SET,ALTER SYSTEM}', difference.privilege)) AS privileges,
        CASE difference.grantee WHEN '' THEN 'PUBLIC' ELSE format('%I', difference.grantee) END AS receiver
      FROM difference
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    )
    SELECT jsonb_agg(
        jsonb_strip_nulls(jsonb_build_object(
          'kind', CASE WHEN step.way = 'none' AND step.kind = 'change' THEN 'blocked' ELSE step.kind END,
          'object', format('%s %s', lower(step.noun COLLATE "C"), step.name),
          'sql', CASE
            WHEN step.way = 'none' THEN NULL
            WHEN step.rank = 5 THEN format('GRANT %s ON %s %s TO %s%s', step.privileges, step.noun, step.name, step.receiver,
              CASE WHEN step.grantable THEN ' WITH GRANT OPTION' END)
            WHEN step.way IN ('option', 'right') THEN
              format('GRANT %1$s ON %2$s %3$s TO %4$I WITH GRANT OPTION; REVOKE %5$s%1$s ON %2$s %3$s FROM %4$I CASCADE', step.privileges,
                step.noun, step.name, step.grantor, CASE step.way WHEN 'option' THEN 'GRANT OPTION FOR ' END)
            WHEN step.grantor IS NOT NULL THEN format('SET LOCAL ROLE %I; REVOKE %s ON %s %s FROM %s; %s', step.grantor,
              step.privileges, step.noun, step.name, step.receiver, own_role)
            ELSE format('REVOKE %s%s ON %s %s FROM %s', CASE WHEN step.grantable THEN 'GRANT OPTION FOR ' END, step.privileges,
              step.noun, step.name, step.receiver) END,
          'why', concat(
            format('%s for %s %s', step.privileges, step.receiver, step.state),
            format(CASE WHEN step.grantor IS NOT NULL THEN ', granted by %I' ELSE '' END, step.grantor),
            CASE WHEN step.way = 'none' THEN ', which' || out_of_reach END)))
        ORDER BY target.class, target.nr, step.name, step.rank, step.receiver, step.grantor, step.grantable, step.state, step.way)
    INTO more
    FROM step
    JOIN target USING (noun, name);
    steps := steps || coalesce(more, '[]');
  END IF;

  IF configured <> '{}' AND NOT creating THEN
    -- The values of one parameter are compared as the server stores them: names are quoted where they need it.
    WITH want AS MATERIALIZED (
      SELECT want.*, have.oid, coalesce(want.converge = 'authoritative', exact) AS strict
      FROM ROWS FROM (jsonb_to_recordset(desired -> 'databases')
        AS (name text, converge text, settings jsonb, "roleSettings" jsonb))
        WITH ORDINALITY AS want(name, converge, settings, role_settings, nr)
      LEFT JOIN pg_database AS have ON have.datname = want.name
      WHERE want.name = ANY (configured) AND want.name <> ALL (skipped)
    ), need AS MATERIALIZED (
      SELECT scope.nr, scope.role, lower(given.parameter COLLATE "C") AS key, given.parameter, written.literals, written.stored
      FROM (
        SELECT want.nr, '' AS role, want.settings
        FROM want
        UNION ALL
        SELECT want.nr, of_role.role, of_role.settings
        FROM want
        CROSS JOIN LATERAL jsonb_to_recordset(want.role_settings) AS of_role(role text, settings jsonb)
      ) AS scope
      CROSS JOIN LATERAL jsonb_to_recordset(scope.settings) AS given(parameter text, "values" jsonb, names boolean)
      CROSS JOIN LATERAL (
        SELECT coalesce(string_agg(quote_literal(part.value), ', ' ORDER BY part.nr), ''''''),
          coalesce(string_agg(CASE WHEN given.names THEN quote_ident(part.value) ELSE part.value END, ', ' ORDER BY part.nr),
            CASE WHEN given.names THEN '""' ELSE '' END)
        FROM jsonb_array_elements_text(given."values") WITH ORDINALITY AS part(value, nr)
      ) AS written(literals, stored)
    ), had AS MATERIALIZED (
      SELECT want.nr, CASE kept.setrole WHEN 0 THEN '' ELSE pg_get_userbyid(kept.setrole)::text END AS role,
        lower(split_part(kept_entry.pair, '=', 1) COLLATE "C") AS key, split_part(kept_entry.pair, '=', 1) AS parameter,
        substr(kept_entry.pair, strpos(kept_entry.pair, '=') + 1) AS stored
      FROM pg_db_role_setting AS kept
      JOIN want ON want.oid = kept.setdatabase
      CROSS JOIN LATERAL unnest(kept.setconfig) AS kept_entry(pair)
    ), managed AS (
      SELECT had.nr, had.role, had.stored, string_to_array(replace(lower(had.stored COLLATE "C"), ' ', ''), ',') AS keys
      FROM had
      WHERE had.key = 'dbgen.managed'
    ), difference AS (
      SELECT nr, role, 1 AS rank, 'change' AS kind, need.parameter, need.literals,
        CASE WHEN had.key IS NULL THEN format('%s is not set', need.parameter)
          ELSE format('%s is %L', need.parameter, had.stored) END AS why
      FROM need
      LEFT JOIN had USING (nr, role, key)
      WHERE had.stored IS DISTINCT FROM need.stored
      UNION ALL
      SELECT nr, role, 2, CASE WHEN had.key = ANY (managed.keys) OR want.strict THEN 'change' ELSE 'found' END, had.parameter, NULL,
        format(CASE WHEN had.key = ANY (managed.keys) THEN '%s is %L, and no longer declared' ELSE '%s is %L, not declared' END,
          had.parameter, had.stored)
      FROM had
      JOIN want USING (nr)
      LEFT JOIN need USING (nr, role, key)
      LEFT JOIN managed USING (nr, role)
      WHERE need.key IS NULL AND had.key <> 'dbgen.managed' AND NOT starts_with(had.key, 'dbgen.converged_')
      UNION ALL
      SELECT nr, role, 3, 'change', 'dbgen.managed', quote_literal(record.keys),
        CASE WHEN record.keys IS NULL THEN 'nothing is set by dbgen any more' ELSE 'remembers what dbgen has set' END
      FROM (
        SELECT need.nr, need.role, string_agg(DISTINCT need.key COLLATE "C", ', ' ORDER BY need.key COLLATE "C")
        FROM need
        GROUP BY 1, 2
      ) AS record(nr, role, keys)
      FULL JOIN managed USING (nr, role)
      WHERE record.keys IS DISTINCT FROM managed.stored
    )
    SELECT jsonb_agg(
        jsonb_build_object(
          'kind', difference.kind,
          'object', CASE difference.role WHEN '' THEN format('database %I', want.name)
            ELSE format('role %I in database %I', difference.role, want.name) END,
          'of', format('database %I', want.name),
          'sql', format('%s %s %s%s',
            CASE difference.role WHEN '' THEN format('ALTER DATABASE %I', want.name)
              ELSE format('ALTER ROLE %I IN DATABASE %I', difference.role, want.name) END,
            CASE WHEN difference.literals IS NULL THEN 'RESET' ELSE 'SET' END,
            (SELECT string_agg(quote_ident(part.name), '.' ORDER BY part.nr)
              FROM regexp_split_to_table(difference.parameter, '[.]') WITH ORDINALITY AS part(name, nr)),
            CASE WHEN difference.literals IS NOT NULL THEN format(' TO %s', difference.literals) END),
          'why', difference.why)
        ORDER BY want.nr, difference.role, difference.rank, difference.parameter)
    INTO more
    FROM difference
    JOIN want USING (nr);
    steps := steps || coalesce(more, '[]');
  END IF;
END;
