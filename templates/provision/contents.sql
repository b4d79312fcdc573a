-- What is missing inside one database.
<<contents>>
DECLARE
  -- The first number of what initdb did not make (FirstNormalObjectId in the server's transam.h).
  user_made CONSTANT oid := 16384;
  -- The database does not exist yet: only what initdb made is there.
  pristine CONSTANT boolean := coalesce(current_setting('dbgen.hypothetical', true) = 'pristine', false);
  first_object CONSTANT oid := CASE
    WHEN desired->'grants' @> '[{"schema": "pg_catalog"}]' OR desired->'grants' @> '[{"schema": "information_schema"}]' THEN 0
    ELSE user_made END;
  end_of_objects CONSTANT oid := CASE WHEN pristine THEN user_made ELSE 4294967295 END;
  keep_public CONSTANT boolean := coalesce(desired->>'public' = 'keep', false);
  undeclared CONSTANT text := CASE WHEN exact THEN 'change' ELSE 'found' END;
  with_columns CONSTANT boolean := desired->'grants' @> '[{"kind": "column"}]';
  -- Schemas whose owner changes first.
  handed_on text[] := '{}';
  with_large_objects CONSTANT boolean := desired->'grants' @> '[{"kind": "largeObject"}]';
  found jsonb;
  differing jsonb;
  others jsonb;
  hook jsonb;
  after_hooks jsonb := '[]';
  satisfied boolean;
  problem text;
BEGIN
  -- Hooks, each of which says by a query whether there is anything to do.
  FOR hook IN
    SELECT value || '{"first": true}' FROM jsonb_array_elements(desired->'before')
    UNION ALL
    SELECT value FROM jsonb_array_elements(desired->'after')
  LOOP
    satisfied := false;
    problem := NULL;
    BEGIN
      -- Never the path that the database has for its sessions, which is its owner's. Another role is no wall: what a hook calls, and
      -- what is behind a view that it reads, may RESET ROLE. There is no wall in one session without writing to the catalogs.
      IF hook ? 'role' THEN
        SET LOCAL search_path TO "$user", public;
        EXECUTE format('SET LOCAL ROLE %I', hook->>'role');
      ELSE
        -- Only what is the server's own has a name without a schema. What is temporary would be the first where it isn't named.
        SET LOCAL search_path TO pg_catalog, pg_temp;
      END IF;
      EXECUTE hook->>'unless' INTO satisfied;
      EXECUTE own_role;
    EXCEPTION WHEN OTHERS THEN
      -- What it asks for may not be there yet.
      problem := sqlerrm;
    END;
    SET LOCAL search_path TO pg_catalog, pg_temp;
    CONTINUE WHEN satisfied;
    found := jsonb_build_object(
      'kind', 'change',
      'object', 'hook',
      'sql', concat(
        'SET LOCAL search_path TO ', CASE WHEN hook ? 'role' THEN '"$user", public' ELSE 'pg_catalog, pg_temp' END,
        '; SET LOCAL check_function_bodies TO on;',
        E'\nSET LOCAL ROLE ' || quote_ident(hook->>'role') || ';',
        E'\n', hook->>'sql', E'\n;',
        E'\n', own_role, ';',
        E'\nSET LOCAL search_path TO pg_catalog, pg_temp; SET LOCAL check_function_bodies TO off'),
      'why', 'its condition does not hold' || coalesce(': ' || problem, ''));
    IF hook ? 'first' THEN
      steps := steps || found;
    ELSE
      after_hooks := after_hooks || found;
    END IF;
  END LOOP;
  -- What they make is looked at once it is there.
  EXIT contents WHEN applying AND steps <> '[]';

  -- Schemas with their owners.
  IF jsonb_array_length(desired->'schemas') > 0 THEN
    SELECT coalesce(jsonb_agg(step ORDER BY nr), '[]') INTO found
    FROM jsonb_array_elements(desired->'schemas') WITH ORDINALITY AS declared(item, nr)
    LEFT JOIN pg_namespace ON nspname = item->>'name' AND (NOT pristine OR pg_namespace.oid < user_made)
    CROSS JOIN LATERAL (
      SELECT jsonb_build_object(
        'kind', 'change',
        'object', format('schema %I', item->>'name'),
        'sql', format('CREATE SCHEMA %I AUTHORIZATION %I', item->>'name', item->>'owner'),
        'why', 'declared, and not there')
      WHERE nspname IS NULL
      UNION ALL
      SELECT jsonb_build_object(
        'kind', 'change',
        'object', format('schema %I', item->>'name'),
        'sql', format('ALTER SCHEMA %I OWNER TO %I', item->>'name', item->>'owner'),
        'why', format('it belongs to %I', pg_get_userbyid(nspowner)))
      WHERE nspowner IS DISTINCT FROM to_regrole(quote_ident(item->>'owner'))::oid AND nspname IS NOT NULL
    ) AS steps_of(step);
    steps := steps || found;
    handed_on := ARRAY(
      SELECT nspname::text FROM pg_namespace JOIN jsonb_to_recordset(desired->'schemas') AS item(name text, owner text) ON name = nspname
      WHERE pg_get_userbyid(nspowner) <> owner);
  END IF;

  -- Extensions. They belong to whoever runs this, as the server decides when it creates them.
  IF jsonb_array_length(desired->'extensions') > 0 THEN
    SELECT coalesce(jsonb_agg(step ORDER BY nr), '[]') INTO found
    FROM ROWS FROM (jsonb_to_recordset(desired->'extensions') AS (name text, schema text, version text, "cascade" boolean))
      WITH ORDINALITY AS declared(name, schema, version, "cascade", nr)
    LEFT JOIN pg_extension ON extname = declared.name AND (NOT pristine OR pg_extension.oid < user_made)
    LEFT JOIN pg_namespace ON pg_namespace.oid = extnamespace
    LEFT JOIN pg_available_extensions() AS available ON available.name = declared.name::name
    CROSS JOIN LATERAL (VALUES (format('extension %I', declared.name))) AS words(object)
    CROSS JOIN LATERAL (
      SELECT jsonb_build_object(
        'kind', CASE WHEN place.is_there THEN 'change' ELSE 'blocked' END,
        'object', object,
        'sql', concat(
          CASE WHEN leads THEN 'SET LOCAL search_path TO public; ' END,
          format('CREATE EXTENSION %I', declared.name),
          CASE WHEN NOT is_fixed THEN format(' SCHEMA %I', coalesce(declared.schema, 'public')) END,
          ' VERSION ' || quote_literal(declared.version),
          CASE WHEN declared."cascade" THEN ' CASCADE' END,
          CASE WHEN leads THEN '; SET LOCAL search_path TO pg_catalog' END),
        'why', CASE WHEN place.is_there THEN 'declared, and not there'
          ELSE format('declared, and not there; nor is the schema %I, which it would be created in: declare its `schema`, and that'
            ' schema among the `schemas`', place.name) END)
      -- Without a declared schema it is public, where a client would have created it, unless the extension itself says which; all
      -- files of the host are read for that.
      FROM (SELECT declared.schema IS NULL AND EXISTS (
        SELECT FROM pg_available_extension_versions() AS installable
        WHERE installable.name = declared.name::name AND installable.schema IS NOT NULL
          AND installable.version = coalesce(declared.version, available.default_version))) AS own(is_fixed)
      -- What it requires is not told where to go then.
      CROSS JOIN LATERAL (VALUES (is_fixed AND coalesce(declared."cascade", false))) AS way(leads)
      CROSS JOIN LATERAL (
        SELECT coalesce(declared.schema, 'public') AS name,
          -- A hook that comes first may make it.
          is_fixed OR coalesce(desired->'before' <> '[]', false) OR pristine AND coalesce(declared.schema, 'public') = 'public'
            OR EXISTS (
              SELECT FROM pg_namespace AS there
              WHERE there.nspname = coalesce(declared.schema, 'public') AND (NOT pristine OR there.oid < user_made))
            OR desired->'schemas' @> jsonb_build_array(jsonb_build_object('name', coalesce(declared.schema, 'public'))) AS is_there
      ) AS place
      WHERE extname IS NULL AND available.name IS NOT NULL
      UNION ALL
      SELECT jsonb_build_object(
        'kind', 'blocked',
        'object', object,
        'why', 'it is declared, and not installed on the server''s host: add its package to services.postgresql.extensions')
      WHERE extname IS NULL AND available.name IS NULL
      UNION ALL
      SELECT jsonb_build_object(
        'kind', CASE WHEN path.possible THEN 'change' ELSE 'blocked' END,
        'object', object,
        'sql', format('ALTER EXTENSION %I UPDATE TO %L', declared.name, wanted.version),
        'why', format(
          'it is at version %s%s', extversion,
          CASE WHEN NOT path.possible THEN ', from which no update leads to ' || wanted.version END))
      FROM (VALUES (coalesce(declared.version, available.default_version))) AS wanted(version)
      CROSS JOIN LATERAL (
        SELECT EXISTS (
          SELECT FROM pg_extension_update_paths(declared.name::name) AS paths
          WHERE paths.source = extversion AND paths.target = wanted.version AND paths.path IS NOT NULL)
        WHERE wanted.version <> extversion
      ) AS path(possible)
      WHERE extname IS NOT NULL
      UNION ALL
      SELECT jsonb_build_object(
        'kind', CASE WHEN extrelocatable THEN 'change' ELSE 'blocked' END,
        'object', object,
        'sql', format('ALTER EXTENSION %I SET SCHEMA %I', declared.name, declared.schema),
        'why', format(
          'it is in schema %I%s', nspname,
          CASE WHEN NOT extrelocatable THEN ' and cannot be moved: drop and create it, or declare that schema' END))
      WHERE declared.schema <> nspname
    ) AS steps_of(step);
    steps := steps || found;
  END IF;

  -- Default privileges. In pg_default_acl a row without schema is the whole list, and one with a schema adds to it. Most often
  -- there is nothing but what PUBLIC lost; an unusual name is looked at below.
  IF pristine OR keep_public OR jsonb_array_length(desired->'defaults') > 0 OR NOT coalesce((
    SELECT count(*) = 2 * jsonb_array_length(desired->'creators') AND bool_and(
      defaclnamespace = 0 AND desired->'creators' ? creator
      AND defaclacl::text = format('{%s=%s/%1$s}', creator, CASE defaclobjtype WHEN 'f' THEN 'X' WHEN 'T' THEN 'U' END))
    FROM pg_default_acl, pg_get_userbyid(defaclrole) AS roles(creator)), false)
  THEN
    WITH wanted AS MATERIALIZED (
      SELECT creator, coalesce(schema, '') AS schema, "on" AS kind, coalesce(grantee, '') AS grantee, privilege,
        bool_or(coalesce(grantable, false)) AS grantable
      FROM jsonb_to_recordset(desired->'defaults')
        AS d(creator text, schema text, "on" text, grantee text, privileges jsonb, grantable boolean)
      CROSS JOIN LATERAL (
        -- Not what this server lacks: that is told below.
        SELECT privilege_type FROM aclexplode(acldefault(CASE d."on" WHEN 'S' THEN 's' ELSE d."on"::"char" END, 10)) AS every
        WHERE (d.privileges IS NULL OR d.privileges ? privilege_type) AND every.grantee = 10
      ) AS privileges(privilege)
      GROUP BY creator, coalesce(schema, ''), "on", coalesce(grantee, ''), privilege
    ),
    there AS MATERIALIZED (
      SELECT pg_get_userbyid(defaclrole)::text AS creator, coalesce(nspname::text, '') AS schema,
        defaclobjtype::text AS kind, defaclacl AS acl
      FROM pg_default_acl
      LEFT JOIN pg_namespace ON pg_namespace.oid = defaclnamespace
      WHERE NOT pristine
    ),
    list AS MATERIALIZED (
      SELECT creator, creator_oid, schema, kind, ours, coalesce(acl, CASE WHEN schema = '' THEN base END) AS acl, base
      FROM (
        SELECT creator, schema, kind FROM wanted
        UNION
        SELECT creator, schema, kind FROM there
        UNION
        SELECT value, '', kind FROM jsonb_array_elements_text(desired->'creators'), (VALUES ('f'), ('T')) AS kinds(kind)
        WHERE NOT keep_public
      ) AS keys
      LEFT JOIN there USING (creator, schema, kind)
      CROSS JOIN LATERAL (VALUES (coalesce(to_regrole(quote_ident(creator))::oid, 4294967295))) AS roles(creator_oid)
      CROSS JOIN LATERAL (VALUES (
        acldefault(CASE kind WHEN 'S' THEN 's' ELSE kind::"char" END, creator_oid),
        desired->'creators' ? creator)) AS facts(base, ours)
    ),
    actual AS MATERIALIZED (
      SELECT creator, creator_oid, schema, kind, ours, base, entry.grantee AS grantee_oid, privilege_type AS privilege, is_grantable,
        -- A creator that does not exist yet has its own entries too.
        CASE entry.grantee WHEN 0 THEN '' WHEN creator_oid THEN creator ELSE pg_get_userbyid(entry.grantee)::text END AS grantee
      FROM list, aclexplode(acl) AS entry
    ),
    difference AS (
      SELECT 3 AS rank, 'change' AS step_kind, 'GRANT' AS action, creator, schema, kind, grantee, privilege, wanted.grantable,
        'declared for what the role creates later' AS why
      FROM wanted
      WHERE NOT EXISTS (
        SELECT FROM actual
        WHERE (actual.creator, actual.schema, actual.kind, actual.grantee, actual.privilege)
          = (wanted.creator, wanted.schema, wanted.kind, wanted.grantee, wanted.privilege)
          AND (is_grantable OR NOT wanted.grantable OR wanted.grantee = wanted.creator))
      UNION ALL
      SELECT 1, CASE WHEN grantee = '' AND keep_public THEN 'found' WHEN grantee = '' AND ours THEN 'change' ELSE undeclared END,
        'REVOKE', creator, schema, kind, grantee, privilege, false,
        CASE WHEN grantee = '' AND ours AND NOT keep_public
          THEN 'PUBLIC has only what is declared' ELSE 'not declared' END
      FROM actual
      WHERE (grantee_oid <> creator_oid OR schema <> '')
        AND NOT EXISTS (
          SELECT FROM wanted
          WHERE (actual.creator, actual.schema, actual.kind, actual.grantee, actual.privilege)
            = (wanted.creator, wanted.schema, wanted.kind, wanted.grantee, wanted.privilege))
        AND (grantee = '' AND ours AND NOT keep_public
          OR schema <> ''
          OR NOT EXISTS (
            SELECT FROM aclexplode(base) AS usual WHERE usual.grantee = grantee_oid AND usual.privilege_type = privilege))
      UNION ALL
      SELECT 2, undeclared, 'REVOKE GRANT OPTION FOR', creator, schema, kind, grantee, privilege, false,
        'the grant option is not declared'
      FROM actual
      JOIN wanted USING (creator, schema, kind, grantee, privilege)
      WHERE is_grantable AND NOT wanted.grantable AND grantee <> creator
    )
    SELECT coalesce(jsonb_agg(step ORDER BY rank, creator, schema, kind, grantee, grantable), '[]') INTO found
    FROM (
      SELECT rank, creator, schema, kind, grantee, grantable,
        jsonb_strip_nulls(jsonb_build_object(
          'kind', CASE WHEN schema <> '' AND to_regnamespace(quote_ident(schema)) IS NULL
              AND NOT desired->'schemas' @> jsonb_build_array(jsonb_build_object('name', schema))
            THEN 'pending' ELSE step_kind END,
          'object', format('default privileges of role %I', creator) || coalesce(' in schema ' || quote_ident(nullif(schema, '')), ''),
          'sql', format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I%s %s %s ON %s %s %s%s',
            creator, ' IN SCHEMA ' || quote_ident(nullif(schema, '')), action, string_agg(privilege, ', ' ORDER BY privilege),
            CASE kind WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES'
              WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' END,
            CASE action WHEN 'GRANT' THEN 'TO' ELSE 'FROM' END,
            CASE grantee WHEN '' THEN 'PUBLIC' ELSE quote_ident(grantee) END,
            CASE WHEN grantable THEN ' WITH GRANT OPTION' END),
          'why', why)) AS step
      FROM difference
      GROUP BY rank, step_kind, action, creator, schema, kind, grantee, grantable, why
    ) AS all_steps;
    steps := steps || found;
  END IF;

  -- Privileges on objects. Objects that nothing tells apart (kind, schema, owner, list of privileges) are looked at once.
  WITH RECURSIVE declared AS MATERIALIZED (
    SELECT row_number() OVER () AS item, kind, class, coalesce(schema, '') AS schema, coalesce(name, oid) AS name, arguments, signature,
      coalesce(grantee, '') AS grantee, CASE WHEN grantee IS NULL THEN 0 ELSE to_regrole(quote_ident(grantee))::oid END AS role,
      privileges, coalesce(grantable, false) AS grantable, NULL::text AS creator,
      CASE WHEN coalesce(name, oid) IS NULL THEN 0 WHEN arguments IS NULL THEN 1 ELSE 2 END AS level
    FROM jsonb_to_recordset(desired->'grants')
      AS g(kind text, schema text, name text, arguments jsonb, oid text, grantee text, privileges jsonb, grantable boolean)
    JOIN (VALUES ('table', 'r'), ('column', 'r'), ('sequence', 's'), ('function', 'f'), ('procedure', 'f'), ('routine', 'f'),
      ('type', 'T'), ('domain', 'T'), ('schema', 'n'), ('language', 'l'), ('foreignDataWrapper', 'F'), ('foreignServer', 'S'),
      ('largeObject', 'L')) AS classes(kind, class) USING (kind)
    CROSS JOIN LATERAL (
      SELECT coalesce(string_agg(coalesce(to_regtype(type)::oid::text, '?'), ' ' ORDER BY nr), '')
      FROM jsonb_array_elements_text(coalesce(arguments, '[]')) WITH ORDINALITY AS types(type, nr)
    ) AS signatures(signature)
    UNION ALL
    -- What is granted on what a role creates later is granted on what it has created.
    SELECT 0, NULL, CASE "on" WHEN 'S' THEN 's' ELSE "on" END, schema, NULL, NULL, '',
      coalesce(grantee, ''), CASE WHEN grantee IS NULL THEN 0 ELSE to_regrole(quote_ident(grantee))::oid END,
      privileges, coalesce(grantable, false), creator, 0
    FROM jsonb_to_recordset(desired->'defaults')
      AS d(creator text, schema text, "on" text, grantee text, privileges jsonb, grantable boolean)
    UNION ALL
    -- In a database that an older major made, public does not belong to whoever owns the database.
    SELECT 0, 'schema', 'n', '', 'public', NULL, '', desired->>'owner', to_regrole(quote_ident(desired->>'owner'))::oid, NULL, false, NULL, 1
    FROM pg_namespace
    WHERE nspname = 'public' AND pg_get_userbyid(nspowner) NOT IN ('pg_database_owner', desired->>'owner')
    UNION ALL
    -- Who is declared as the owner of a schema can use it: an owner's rights can be taken away, too.
    SELECT 0, 'schema', 'n', '', namespace.name, NULL, '', item->>'owner', nspowner, NULL, false, NULL, 1
    FROM jsonb_array_elements(desired->'schemas') AS item
    JOIN namespace ON namespace.name = item->>'name' AND future_owner IS NULL AND pg_get_userbyid(nspowner) = item->>'owner'
  ),
  named AS MATERIALIZED (
    SELECT DISTINCT class, schema, name FROM declared WHERE name IS NOT NULL
  ),
  members AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  ),
  namespace AS MATERIALIZED (
    -- As they are once they have the owner that they get first: what the one before gave and had is the new one's then.
    SELECT pg_namespace.oid, nspname::text AS name, coalesce(heir.role, nspowner) AS nspowner,
      CASE WHEN heir.role IS NULL OR nspacl IS NULL THEN nspacl ELSE coalesce(inherited.acl, nspacl) END AS nspacl,
      CASE heir.role WHEN 4294967295 THEN heir.name END AS future_owner
    FROM pg_namespace
    LEFT JOIN (
      SELECT item.name, item.owner, coalesce(to_regrole(quote_ident(item.owner))::oid, 4294967295)
      FROM jsonb_to_recordset(desired->'schemas') AS item(name text, owner text)
      WHERE item.name = ANY (handed_on)
    ) AS heir(schema, name, role) ON heir.schema = nspname
    LEFT JOIN LATERAL (
      SELECT array_agg(makeaclitem(entry.grantee, entry.grantor, entry.privilege, entry.grantable))
      FROM (
        SELECT CASE given.grantee WHEN nspowner THEN heir.role ELSE given.grantee END,
          CASE given.grantor WHEN nspowner THEN heir.role ELSE given.grantor END, given.privilege_type, bool_or(given.is_grantable)
        FROM aclexplode(nspacl) AS given
        GROUP BY 1, 2, 3
      ) AS entry(grantee, grantor, privilege, grantable)
    ) AS inherited(acl) ON heir.role IS NOT NULL
    WHERE nspname NOT LIKE 'pg\_toast%' AND nspname NOT LIKE 'pg\_temp%' AND pg_namespace.oid < end_of_objects
  ),
  object AS (
    SELECT CASE relkind WHEN 'S' THEN 's' ELSE 'r' END AS class, ''::text AS signature, false AS is_procedure, false AS is_domain,
      pg_class.oid, namespace.name AS schema, relname::text AS name, relowner AS owner, relacl AS acl,
      pg_class.oid >= user_made AND pg_class.oid NOT IN (SELECT objid FROM members WHERE classid = 'pg_class'::regclass) AS ours,
      NULL::text AS future_owner
    FROM pg_class JOIN namespace ON namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND pg_class.oid >= first_object AND pg_class.oid < end_of_objects
    UNION ALL
    SELECT 'f', proargtypes::text, prokind = 'p', false, pg_proc.oid, namespace.name, proname, proowner, proacl,
      pg_proc.oid >= user_made AND pg_proc.oid NOT IN (SELECT objid FROM members WHERE classid = 'pg_proc'::regclass),
      NULL
    FROM pg_proc JOIN namespace ON namespace.oid = pronamespace
    WHERE pg_proc.oid >= first_object AND pg_proc.oid < end_of_objects
    UNION ALL
    -- Not the types of tables, of arrays and of multiranges, which have no privileges of their own, nor those that are only a name yet.
    SELECT 'T', '', false, typtype = 'd', pg_type.oid, namespace.name, typname, typowner, typacl,
      pg_type.oid >= user_made AND pg_type.oid NOT IN (SELECT objid FROM members WHERE classid = 'pg_type'::regclass),
      NULL
    FROM pg_type JOIN namespace ON namespace.oid = typnamespace
    WHERE pg_type.oid >= first_object AND pg_type.oid < end_of_objects
      AND typtype <> 'm' AND typisdefined AND typsubscript <> 'array_subscript_handler'::regproc
      AND (typrelid = 0 OR (SELECT relkind = 'c' FROM pg_class WHERE pg_class.oid = typrelid))
    UNION ALL
    SELECT 'n', '', false, false, oid, '', name, nspowner, nspacl,
      (oid >= user_made OR name = 'public') AND oid NOT IN (SELECT objid FROM members WHERE classid = 'pg_namespace'::regclass),
      future_owner
    FROM namespace
    UNION ALL
    -- Schemas that are still to be created.
    SELECT 'n', '', false, false, 0, '', item->>'name', owner,
      (SELECT defaclacl FROM pg_default_acl WHERE defaclrole = owner AND defaclnamespace = 0 AND defaclobjtype = 'n'), true, item->>'owner'
    FROM jsonb_array_elements(desired->'schemas') AS item
    CROSS JOIN LATERAL (VALUES (to_regrole(quote_ident(item->>'owner'))::oid)) AS owners(owner)
    WHERE item->>'name' NOT IN (SELECT name FROM namespace)
    UNION ALL
    SELECT 'l', '', false, false, oid, '', lanname, lanowner, lanacl, true, NULL
    FROM pg_language WHERE oid < end_of_objects
    UNION ALL
    SELECT 'F', '', false, false, oid, '', fdwname, fdwowner, fdwacl, true, NULL
    FROM pg_foreign_data_wrapper WHERE oid < end_of_objects
    UNION ALL
    SELECT 'S', '', false, false, oid, '', srvname, srvowner, srvacl, true, NULL FROM pg_foreign_server WHERE oid < end_of_objects
    UNION ALL
    -- There may be very many: only those that are named.
    SELECT 'L', '', false, false, oid, '', oid::text, lomowner, lomacl, true, NULL
    FROM pg_largeobject_metadata
    WHERE with_large_objects AND NOT pristine AND oid IN (SELECT named.name::oid FROM named WHERE class = 'L')
  ),
  alike AS MATERIALIZED (
    SELECT row_number() OVER () AS nr, alike.*
    FROM (
      SELECT class, is_procedure, is_domain, schema, name, own_signature AS signature, owner, acl, ours, future_owner,
        array_agg(oid) AS oids
      FROM (
        SELECT object.class, is_procedure, is_domain, object.schema, oid, owner, acl, ours, future_owner,
          named.name IS NOT NULL AS is_named,
          CASE WHEN named.name IS NOT NULL OR object.schema = '' THEN object.name END AS name,
          CASE WHEN named.name IS NOT NULL THEN signature END AS own_signature
        FROM object
        LEFT JOIN named ON named.class = object.class AND named.schema = object.schema AND named.name = object.name
      ) AS told
      WHERE ours OR is_named
      GROUP BY class, is_procedure, is_domain, schema, name, own_signature, owner, acl, ours, future_owner
    ) AS alike
  ),
  every AS MATERIALIZED (
    SELECT class, privilege_type AS privilege
    FROM unnest('{r,s,f,T,n,l,F,S,L}'::text[]) AS class, aclexplode(acldefault(class::"char", 10))
    WHERE grantee = 10
  ),
  matched AS MATERIALIZED (
    SELECT alike.nr, alike.owner, alike.future_owner, declared.*
    FROM declared
    JOIN alike ON alike.class = declared.class AND (declared.schema = alike.schema OR declared.schema IS NULL)
    WHERE CASE declared.level
        WHEN 0 THEN ours AND (creator IS NULL OR creator = coalesce(alike.future_owner, pg_get_userbyid(alike.owner)))
        WHEN 1 THEN alike.name = declared.name
        ELSE alike.name = declared.name AND alike.signature = declared.signature END
      AND CASE kind WHEN 'function' THEN NOT is_procedure WHEN 'procedure' THEN is_procedure WHEN 'domain' THEN is_domain
        ELSE true END
  ),
  wanted AS MATERIALIZED (
    SELECT nr, owner, future_owner, grantee, role, privilege, bool_or(grantable) FILTER (WHERE wins) AS grantable,
      bool_or(grantable) AS ever_grantable, bool_or(wins) AS wins
    FROM (
      SELECT nr, owner, future_owner, class, kind, grantee, role, privileges, grantable,
        level = max(level) OVER (PARTITION BY nr, grantee) AS wins
      FROM matched
      WHERE kind IS DISTINCT FROM 'column' OR level = 1
    ) AS ranked
    CROSS JOIN LATERAL (
      SELECT privilege FROM every
      WHERE every.class = ranked.class AND (privileges IS NULL OR privileges ? privilege)
    ) AS privileges_of
    WHERE kind IS DISTINCT FROM 'column'
    GROUP BY nr, owner, future_owner, grantee, role, privilege
  ),
  actual AS MATERIALIZED (
    SELECT nr, class, schema, owner, ours, entry.grantor, entry.grantee AS role, privilege_type AS privilege, is_grantable
    FROM alike, aclexplode(coalesce(acl, acldefault(class::"char", owner))) AS entry
  ),
  -- What others than the owner granted, and how far from the owner: what hangs on a grant goes before it.
  handed AS (
    SELECT nr, grantor, role, privilege, 1 AS depth FROM actual WHERE grantor <> owner
    UNION
    SELECT actual.nr, actual.grantor, actual.role, actual.privilege, handed.depth + 1
    FROM handed JOIN actual ON actual.nr = handed.nr AND actual.privilege = handed.privilege AND actual.grantor = handed.role
    WHERE handed.depth < 100
  ),
  depths AS (
    SELECT nr, grantor, role, privilege, max(depth) AS depth FROM handed GROUP BY nr, grantor, role, privilege
  ),
  difference AS (
    SELECT nr, 'change' AS step_kind, 'GRANT' AS action, wanted.grantee, NULL::oid AS grantor, privilege,
      wanted.grantable, false AS is_cascade,
      CASE WHEN role = owner THEN 'its owner''s own right was taken away' ELSE 'declared' END AS why, 0 AS depth, NULL AS way
    FROM wanted
    WHERE wins AND grantee IS DISTINCT FROM future_owner AND NOT EXISTS (
      SELECT FROM actual
      WHERE actual.nr = wanted.nr AND actual.role = wanted.role AND actual.privilege = wanted.privilege
        AND (is_grantable OR NOT wanted.grantable OR wanted.role = wanted.owner))
    UNION ALL
    SELECT nr, CASE WHEN reason <> 'undeclared' THEN 'change' WHEN role = 0 AND keep_public THEN 'found' ELSE undeclared END,
      CASE WHEN option_only THEN 'REVOKE GRANT OPTION FOR' ELSE 'REVOKE' END,
      CASE role WHEN 0 THEN '' ELSE pg_get_userbyid(role)::text END,
      nullif(grantor, owner), privilege, false, is_grantable,
      CASE reason
        WHEN 'public' THEN 'PUBLIC has only what is declared'
        WHEN 'narrowed' THEN 'a more specific declaration replaces it'
        ELSE CASE WHEN option_only THEN 'the grant option is not declared' ELSE 'not declared' END
      END, coalesce(depth, 0), CASE WHEN grantor <> owner THEN (
-- @way
        FROM actual AS held
        WHERE held.nr = judged.nr AND held.privilege = judged.privilege) END
    FROM (
      SELECT actual.nr, actual.class, actual.owner, actual.grantor, actual.role, actual.privilege, is_grantable,
        coalesce(wins, false) AS option_only,
        CASE
          WHEN wins AND (wanted.grantable OR NOT is_grantable) THEN 'as declared'
          WHEN actual.role = 0 AND ours AND NOT keep_public AND class IN ('r', 's', 'f', 'T', 'n') THEN 'public'
          WHEN NOT wins OR wanted.ever_grantable THEN 'narrowed'
          WHEN NOT ours OR wins IS NULL AND EXISTS (
            SELECT FROM aclexplode(acldefault(class::"char", actual.owner)) AS usual
            WHERE usual.grantee = actual.role AND usual.privilege_type = actual.privilege) THEN 'as the server made it'
          ELSE 'undeclared'
        END AS reason
      FROM actual
      LEFT JOIN wanted ON wanted.nr = actual.nr AND wanted.role = actual.role AND wanted.privilege = actual.privilege
      WHERE actual.role <> actual.owner
    ) AS judged
    LEFT JOIN depths USING (nr, grantor, role, privilege)
    WHERE reason NOT IN ('as declared', 'as the server made it')
  ),
  privileges_of AS (
    SELECT nr, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way,
      string_agg(privilege, ', ' ORDER BY privilege) AS privileges
    FROM difference
    GROUP BY nr, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way
  ),
  others AS (
    -- Declared for what is not there.
    SELECT DISTINCT jsonb_build_object(
      'kind', 'pending',
      'object', concat(
        CASE WHEN name IS NULL THEN 'schema' WHEN kind = 'column' THEN 'table' ELSE words END, ' ',
        quote_ident(nullif(schema, '')), CASE WHEN schema <> '' THEN '.' || quote_ident(name) ELSE quote_ident(name) END,
        -- Only where a routine is named by them.
        CASE WHEN arguments IS NOT NULL THEN '(' || (SELECT coalesce(string_agg(type, ', ' ORDER BY nr), '')
          FROM jsonb_array_elements_text(arguments) WITH ORDINALITY AS types(type, nr)) || ')' END),
      'why', 'privileges on it are declared, and it is not there: a later run grants them') AS step
    FROM declared
    CROSS JOIN LATERAL (VALUES (lower(regexp_replace(kind, '([A-Z])', ' \1', 'g') COLLATE "C"))) AS kinds(words)
    WHERE item > 0 AND CASE level
      WHEN 0 THEN schema NOT IN (SELECT name FROM namespace)
        AND NOT desired->'schemas' @> jsonb_build_array(jsonb_build_object('name', schema))
      ELSE NOT EXISTS (SELECT FROM matched WHERE matched.item = declared.item) END
    UNION ALL
    SELECT DISTINCT jsonb_build_object(
      'kind', 'blocked',
      'object', format('privilege %s', privilege),
      'why', format('declared on a %s, and this server has no such privilege there: a newer major has it', coalesce(kind, CASE class
        WHEN 'r' THEN 'table' WHEN 's' THEN 'sequence' WHEN 'f' THEN 'routine' WHEN 'T' THEN 'type' WHEN 'n' THEN 'schema' END)))
    FROM declared, jsonb_array_elements_text(privileges) AS privilege
    WHERE NOT EXISTS (SELECT FROM every WHERE every.class = declared.class AND every.privilege = privilege.value)
    UNION ALL
    -- It may hold data: nothing is done about it.
    SELECT jsonb_build_object('kind', 'found', 'object', format('schema %I', name), 'why', 'not declared')
    FROM alike
    WHERE class = 'n' AND ours AND name <> 'public' AND future_owner IS NULL
      AND NOT desired->'schemas' @> jsonb_build_array(jsonb_build_object('name', name))
  )
  SELECT
    coalesce((
      SELECT jsonb_agg(jsonb_build_object('class', class, 'schema', schema, 'name', name, 'step_kind', step_kind, 'action', action,
        'grantee', grantee, 'grantor', grantor, 'depth', depth, 'grantable', grantable, 'is_cascade', is_cascade, 'why', why,
        'way', way, 'privileges', privileges, 'oids', oids))
      FROM privileges_of
      JOIN alike USING (nr)), '[]'),
    coalesce((SELECT jsonb_agg(step ORDER BY step) FROM others), '[]')
  INTO differing, others;

  -- Privileges on columns.
  IF with_columns OR NOT pristine AND EXISTS (
    -- From before 17 a dropped column may have some left.
    SELECT FROM pg_attribute WHERE attacl IS NOT NULL AND NOT attisdropped AND attrelid >= user_made)
  THEN
    WITH RECURSIVE declared AS MATERIALIZED (
      SELECT kind = 'column' AS is_column, schema, name, columns, coalesce(grantee, '') AS grantee,
        CASE WHEN grantee IS NULL THEN 0 ELSE to_regrole(quote_ident(grantee))::oid END AS role,
        privileges, coalesce(grantable, false) AS grantable
      FROM jsonb_to_recordset(desired->'grants')
        AS g(kind text, schema text, name text, columns jsonb, grantee text, privileges jsonb, grantable boolean)
      WHERE kind IN ('table', 'column')
    ),
    matched AS MATERIALIZED (
      SELECT attrelid, attnum, grantee, role, privilege, bool_or(grantable) FILTER (WHERE wins) AS grantable, bool_or(wins) AS wins,
        bool_or(grantable) AS ever_grantable
      FROM (
        SELECT pg_class.oid AS relation, declared.*,
          -- What names a table replaces what stands for all tables.
          name IS NOT NULL OR NOT EXISTS (
            SELECT FROM declared AS other
            WHERE other.schema = declared.schema AND other.name = relname AND other.grantee = declared.grantee) AS wins
        FROM declared
        JOIN pg_namespace ON nspname = schema
        JOIN pg_class ON relnamespace = pg_namespace.oid AND relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_class.oid < end_of_objects
          AND CASE WHEN name IS NULL
            THEN pg_class.oid >= user_made AND NOT EXISTS (
              SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND objsubid = 0 AND deptype = 'e')
            ELSE relname = name END
        WHERE is_column
      ) AS tables
      JOIN pg_attribute ON attrelid = relation AND NOT attisdropped AND columns ? attname::text
      CROSS JOIN LATERAL (
        SELECT privilege FROM unnest('{INSERT,REFERENCES,SELECT,UPDATE}'::text[]) AS privilege
        WHERE privileges IS NULL OR privileges ? privilege
      ) AS privileges_of
      GROUP BY attrelid, attnum, grantee, role, privilege
    ),
    actual AS MATERIALIZED (
      SELECT attrelid, attnum, relowner AS owner, entry.grantor, entry.grantee AS role, privilege_type AS privilege, is_grantable,
        pg_class.oid >= user_made AND NOT EXISTS (
          SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND objsubid = 0 AND deptype = 'e') AS ours
      FROM pg_attribute
      JOIN pg_class ON pg_class.oid = attrelid
      CROSS JOIN LATERAL aclexplode(attacl) AS entry
      WHERE attacl IS NOT NULL AND NOT attisdropped AND pg_class.oid < end_of_objects
    ),
    handed AS (
      SELECT attrelid, attnum, grantor, role, privilege, 1 AS depth FROM actual WHERE grantor <> owner
      UNION
      SELECT actual.attrelid, actual.attnum, actual.grantor, actual.role, actual.privilege, handed.depth + 1
      FROM handed JOIN actual ON actual.attrelid = handed.attrelid AND actual.attnum = handed.attnum
        AND actual.privilege = handed.privilege AND actual.grantor = handed.role
      WHERE handed.depth < 100
    ),
    depths AS (
      SELECT attrelid, attnum, grantor, role, privilege, max(depth) AS depth FROM handed
      GROUP BY attrelid, attnum, grantor, role, privilege
    ),
    difference AS (
      SELECT attrelid, attnum, 'change' AS step_kind, 'GRANT' AS action, grantee, NULL::oid AS grantor, privilege, grantable,
        false AS is_cascade, 'declared' AS why, 0 AS depth, NULL AS way
      FROM matched
      WHERE wins AND NOT EXISTS (
        SELECT FROM actual
        WHERE actual.attrelid = matched.attrelid AND actual.attnum = matched.attnum AND actual.role = matched.role
          AND actual.privilege = matched.privilege AND (is_grantable OR NOT matched.grantable OR actual.role = owner))
      UNION ALL
      SELECT attrelid, attnum,
        CASE WHEN reason <> 'undeclared' THEN 'change' WHEN role = 0 AND keep_public THEN 'found' ELSE undeclared END,
        CASE WHEN option_only THEN 'REVOKE GRANT OPTION FOR' ELSE 'REVOKE' END,
        CASE role WHEN 0 THEN '' ELSE pg_get_userbyid(role)::text END, nullif(grantor, owner), privilege, false, is_grantable,
        CASE reason
          WHEN 'public' THEN 'PUBLIC has only what is declared'
          WHEN 'narrowed' THEN 'a more specific declaration replaces it'
          ELSE CASE WHEN option_only THEN 'the grant option is not declared' ELSE 'not declared' END
        END, coalesce(depth, 0), CASE WHEN grantor <> owner THEN (
-- @way
          FROM (
            SELECT role, is_grantable FROM actual AS of_column
            WHERE of_column.attrelid = judged.attrelid AND of_column.attnum = judged.attnum AND of_column.privilege = judged.privilege
            UNION ALL
            SELECT of_table.grantee, of_table.is_grantable FROM pg_class, aclexplode(relacl) AS of_table
            WHERE pg_class.oid = judged.attrelid AND of_table.privilege_type = judged.privilege
          ) AS held) END
      FROM (
        SELECT actual.*, coalesce(wins, false) AS option_only,
          CASE
            WHEN wins AND (matched.grantable OR NOT is_grantable) THEN 'as declared'
            WHEN actual.role = 0 AND ours AND NOT keep_public THEN 'public'
            WHEN NOT wins OR ever_grantable THEN 'narrowed'
            WHEN NOT ours THEN 'as the server made it'
            ELSE 'undeclared'
          END AS reason
        FROM actual
        LEFT JOIN matched USING (attrelid, attnum, role, privilege)
        WHERE actual.role <> owner
      ) AS judged
      LEFT JOIN depths USING (attrelid, attnum, grantor, role, privilege)
      WHERE reason NOT IN ('as declared', 'as the server made it')
    ),
    lists AS (
      SELECT attrelid, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way, columns,
        string_agg(format('%s (%s)', privilege, columns), ', ' ORDER BY privilege) AS privileges
      FROM (
        SELECT attrelid, step_kind, action, grantee, grantor, depth, privilege, grantable, is_cascade, why, way,
          string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns
        FROM difference
        JOIN pg_attribute USING (attrelid, attnum)
        GROUP BY attrelid, step_kind, action, grantee, grantor, depth, privilege, grantable, is_cascade, why, way
      ) AS columns_of
      GROUP BY attrelid, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way, columns
    )
    SELECT differing || coalesce(jsonb_agg(jsonb_build_object('class', 'r', 'schema', nspname, 'columns', columns, 'step_kind', step_kind,
      'action', action, 'grantee', grantee, 'grantor', grantor, 'depth', depth, 'grantable', grantable, 'is_cascade', is_cascade,
      'why', why, 'way', way, 'privileges', privileges, 'oids', ARRAY[attrelid])), '[]') INTO differing
    FROM lists
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace;
    IF with_columns THEN
      SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
        'kind', 'pending',
        'object', format('column %I of table %I.%I', column_name, schema, name),
        'why', 'privileges on it are declared, and it is not there: a later run grants them')), '[]') INTO found
      FROM jsonb_to_recordset(desired->'grants') AS g(kind text, schema text, name text, columns jsonb)
      JOIN pg_namespace ON nspname = schema
      JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = name AND pg_class.oid < end_of_objects
      CROSS JOIN LATERAL jsonb_array_elements_text(columns) AS names(column_name)
      WHERE kind = 'column'
        AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = column_name AND NOT attisdropped);
      others := others || found;
    END IF;
  END IF;

  -- The statements, one for all objects that differ alike.
  IF differing <> '[]' THEN
    WITH objects_of AS (
      SELECT class, schema, columns, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way, privileges,
        CASE
          WHEN class = 'L' THEN name
          WHEN schema = '' THEN quote_ident(name)
          WHEN class IN ('r', 's') THEN (SELECT format('%I.%I', schema, relname) FROM pg_class WHERE pg_class.oid = one.oid)
          WHEN class = 'T' THEN (SELECT format('%I.%I', schema, typname) FROM pg_type WHERE pg_type.oid = one.oid)
          -- The types alone: what the server prints of ordered-set aggregates is no signature here. With a mode the output arguments
          -- of other procedures do not count.
          ELSE (
            SELECT format('%I.%I(%s)', schema, proname, (
              SELECT string_agg(CASE prokind WHEN 'p' THEN 'IN ' ELSE '' END || format_type(type, NULL), ', ' ORDER BY place)
              FROM unnest(proargtypes) WITH ORDINALITY AS types(type, place)))
            FROM pg_proc WHERE pg_proc.oid = one.oid)
        END AS object
      FROM jsonb_to_recordset(differing)
        AS d(class text, schema text, name text, columns text, step_kind text, action text, grantee text, grantor oid, depth integer,
          grantable boolean, is_cascade boolean, why text, way text, privileges text, oids oid[])
      CROSS JOIN LATERAL unnest(oids) AS one(oid)
    ),
    parts AS (
      -- A statement of ten thousand names is no log line.
      SELECT *, (row_number() OVER (
        PARTITION BY class, schema, columns, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way, privileges
        ORDER BY object) - 1) / 500 AS part
      FROM objects_of
    ),
    lists AS (
      SELECT class, schema, columns, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way, privileges, part,
        string_agg(object, ', ' ORDER BY object) AS objects, min(object) AS first, count(*) - 1 AS more
      FROM parts
      GROUP BY class, schema, columns, step_kind, action, grantee, grantor, depth, grantable, is_cascade, why, way, privileges, part
    ),
    changes AS (
      -- Who takes back a right must still reach the object, and have the right: those steps come first, those of columns, which may
      -- hang on the table's, before others, schemas last, and what was passed on before that of which it was.
      SELECT row_number() OVER (
        ORDER BY grantor IS NULL, grantor IS NOT NULL AND class = 'n', (columns IS NULL) = (grantor IS NOT NULL), depth DESC,
          action = 'GRANT', rank, objects, grantee, privileges) AS nr,
        jsonb_build_object(
          'kind', CASE WHEN way = 'none' AND step_kind = 'change' THEN 'blocked' ELSE step_kind END,
          'object', concat(lower(word COLLATE "C"), ' ', first, ' and ' || nullif(more, 0) || ' more', ' (' || columns || ')'),
          'sql', CASE
            WHEN way IN ('option', 'right') THEN
              concat('GRANT ', privileges, ' ON ', word, ' ', objects, ' TO ', giver, E' WITH GRANT OPTION;\n',
                'REVOKE ', CASE way WHEN 'option' THEN 'GRANT OPTION FOR ' END, privileges, ' ON ', word, ' ', objects, ' FROM ', giver, ' CASCADE')
            WHEN giver IS NOT NULL THEN
              concat(
                CASE WHEN NOT reaches THEN format(E'GRANT USAGE ON SCHEMA %I TO %s;\n', schema, giver) END,
                'SET LOCAL ROLE ', giver, E';\n', plain, E';\n', own_role,
                CASE WHEN NOT reaches THEN format(E';\nREVOKE USAGE ON SCHEMA %I FROM %s', schema, giver) END)
            ELSE plain
          END,
          'why', concat(why, CASE WHEN way = 'none' THEN concat('; ', giver, ' granted it, and', out_of_reach) END)) AS step
      FROM lists
      JOIN (VALUES ('n', 'SCHEMA', 1), ('r', 'TABLE', 2), ('s', 'SEQUENCE', 3), ('f', 'ROUTINE', 4), ('T', 'TYPE', 5), ('l', 'LANGUAGE', 6),
        ('F', 'FOREIGN DATA WRAPPER', 7), ('S', 'FOREIGN SERVER', 8), ('L', 'LARGE OBJECT', 9)) AS words(letter, word, rank) ON letter = class
      CROSS JOIN LATERAL (VALUES (
        quote_ident(pg_get_userbyid(grantor)),
        -- By a schema that it owns, and that goes to another owner first, it does not.
        schema = '' OR has_schema_privilege(grantor, nullif(schema, ''), 'USAGE') AND NOT (schema = ANY (handed_on)
          AND (SELECT pg_has_role(lists.grantor, nspowner, 'USAGE') AND (lists.grantor = nspowner OR NOT EXISTS (
              SELECT FROM aclexplode(nspacl) AS entry WHERE entry.grantee = lists.grantor AND entry.privilege_type = 'USAGE'))
            FROM pg_namespace WHERE nspname = lists.schema)),
        concat(action, ' ', privileges, ' ON ', word, ' ', objects, CASE action WHEN 'GRANT' THEN ' TO ' ELSE ' FROM ' END,
          CASE grantee WHEN '' THEN 'PUBLIC' ELSE quote_ident(grantee) END,
          CASE WHEN grantable THEN ' WITH GRANT OPTION' END, CASE WHEN is_cascade THEN ' CASCADE' END)
      )) AS statements(giver, reaches, plain)
    )
    SELECT steps || coalesce(jsonb_agg(step ORDER BY nr), '[]') INTO steps FROM changes;
  END IF;
  steps := steps || others || after_hooks;

  -- Extensions that are there and were never declared.
  IF NOT pristine AND EXISTS (SELECT FROM pg_extension WHERE oid >= user_made) THEN
    SELECT coalesce(jsonb_agg(
      jsonb_build_object('kind', 'found', 'object', format('extension %I', extname), 'why', 'not declared') ORDER BY extname), '[]') INTO found
    FROM pg_extension
    WHERE oid >= user_made
      AND NOT desired->'extensions' @> jsonb_build_array(jsonb_build_object('name', extname))
      -- Another one may need it.
      AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE refclassid = 'pg_extension'::regclass AND refobjid = pg_extension.oid AND classid = 'pg_extension'::regclass);
    steps := steps || found;
  END IF;
END;
