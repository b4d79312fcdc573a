-- The difference of roles: attributes, passwords, settings, comments, memberships. Shared catalogs only.
DECLARE
  -- CREATE ROLE without clauses.
  defaults CONSTANT jsonb := '{"login": false, "superuser": false, "createdb": false, "createrole": false,
    "inherit": true, "replication": false, "bypassrls": false}';
  declared CONSTANT jsonb := coalesce(nullif(desired->'roles', 'null'), '[]');
  -- What is not declared is reported, or put right where the declarations have authority.
  undeclared CONSTANT text := CASE WHEN exact THEN 'change' ELSE 'found' END;
  difference record;
  part record;
  creations jsonb[] := '{}';
  alterations jsonb[] := '{}';
  settings jsonb[] := '{}';
  comments jsonb[] := '{}';
  revokes jsonb[] := '{}';
  grants jsonb[] := '{}';
  -- Memberships that are taken away first.
  leaving text[] := '{}';
  obstacle text;
  inherits boolean;
  usable boolean;
  only_unsaid boolean;
  options text;
BEGIN
  -- One query finds the roles that differ in anything but memberships. What it is that differs is asked of those alone.
  FOR difference IN
    SELECT
      want.name, want.attributes, want."connectionLimit", want."validUntil", want.settings, want.comment,
      have.oid, have.rolname, have.rolconnlimit, have.rolvaliduntil, have.rolconfig, have.attributes AS has,
      have.description,
      -- The server's own superuser, and whom this runs as: they must keep what they have.
      coalesce(have.oid = 10 OR have.rolname = current_user, false) AS own
    FROM jsonb_to_recordset(declared) AS want(
      name text, attributes jsonb, "connectionLimit" integer, "validUntil" text, settings jsonb, comment text)
    FULL JOIN (
      SELECT
        pg_roles.oid, pg_roles.rolname, pg_roles.rolconnlimit, pg_roles.rolvaliduntil, pg_roles.rolconfig,
        jsonb_build_object(
          'login', pg_roles.rolcanlogin, 'superuser', pg_roles.rolsuper, 'createdb', pg_roles.rolcreatedb,
          'createrole', pg_roles.rolcreaterole, 'inherit', pg_roles.rolinherit, 'replication', pg_roles.rolreplication,
          'bypassrls', pg_roles.rolbypassrls) AS attributes,
        described.description
      FROM pg_roles
      LEFT JOIN pg_shdescription AS described
        ON described.objoid = pg_roles.oid AND described.classoid = 'pg_authid'::regclass
    ) AS have ON have.rolname = want.name
    WHERE CASE
      WHEN want.name IS NULL THEN have.oid >= 16384 AND have.rolname <> current_user
      WHEN have.oid IS NULL THEN true
      ELSE have.attributes <> defaults || jsonb_strip_nulls(coalesce(want.attributes, '{}'))
        OR have.rolconnlimit <> coalesce(want."connectionLimit", -1)
        OR coalesce(have.rolvaliduntil, 'infinity') <> coalesce(want."validUntil"::timestamptz, 'infinity')
        OR want.comment <> coalesce(have.description, '')
        OR coalesce(have.rolconfig, '{}') <> '{}' AND coalesce(want.settings, '[]') = '[]'
        OR want.settings <> '[]' AND (
          SELECT have.rolconfig @> told.items AND cardinality(have.rolconfig) = cardinality(told.items)
          FROM (
            SELECT
              array_agg(setting.parameter || '=' || (
                SELECT string_agg(CASE WHEN setting.names THEN quote_ident(item.value) ELSE item.value END, ', ')
                FROM jsonb_array_elements_text(setting."values") AS item(value)))
              || ('dbgen.managed=' || string_agg(setting.parameter, ', ')) AS items
            FROM jsonb_to_recordset(want.settings) AS setting(parameter text, "values" jsonb, names boolean)
          ) AS told
        ) IS NOT TRUE
    END
    ORDER BY want.name IS NULL, coalesce(want.name, have.rolname) COLLATE "C"
  LOOP
    IF difference.name IS NULL THEN
      alterations := array_append(alterations, jsonb_build_object(
        'kind', CASE WHEN desired->'removed' ? difference.rolname THEN 'pending' ELSE 'found' END,
        'object', format('role %I', difference.rolname),
        'why', CASE
          WHEN desired->'removed' ? difference.rolname THEN
            'removed by declaration: dbgen apply --remove drops it, once it owns nothing and has no privileges'
          ELSE 'the role is not declared'
        END));
      CONTINUE;
    END IF;

    SELECT
      string_agg(clause.wanted, ' ' ORDER BY clause.nr) FILTER (WHERE clause.said AND NOT clause.needed) AS said,
      string_agg(clause.found, ' ' ORDER BY clause.nr) FILTER (WHERE clause.said AND NOT clause.needed) AS was,
      string_agg(clause.wanted, ' ' ORDER BY clause.nr) FILTER (WHERE NOT clause.said) AS plain,
      string_agg(clause.found, ' ' ORDER BY clause.nr) FILTER (WHERE NOT clause.said) AS extra,
      string_agg(clause.wanted, ' ' ORDER BY clause.nr) FILTER (WHERE clause.said AND clause.needed) AS refused
    INTO part
    FROM (
      SELECT
        attribute.nr, difference.attributes->>attribute.name IS NOT NULL AS said,
        CASE coalesce(difference.attributes->>attribute.name, defaults->>attribute.name)
          WHEN 'true' THEN '' ELSE 'NO'
        END || upper(attribute.name COLLATE "C") AS wanted,
        CASE difference.has->>attribute.name
          WHEN 'true' THEN '' WHEN 'false' THEN 'NO'
        END || upper(attribute.name COLLATE "C") AS found,
        difference.own AND attribute.name IN ('login', 'superuser')
          AND difference.attributes->>attribute.name = 'false' AS needed
      FROM unnest('{login,superuser,createdb,createrole,inherit,replication,bypassrls}'::text[])
        WITH ORDINALITY AS attribute(name, nr)
      UNION ALL
      SELECT
        8, difference."connectionLimit" IS NOT NULL,
        format('CONNECTION LIMIT %s', coalesce(difference."connectionLimit", -1)),
        'CONNECTION LIMIT ' || difference.rolconnlimit, false
      UNION ALL
      SELECT
        9, difference."validUntil" IS NOT NULL,
        format('VALID UNTIL %L', coalesce(difference."validUntil", 'infinity')),
        CASE
          WHEN difference.oid IS NULL THEN NULL
          WHEN coalesce(difference.rolvaliduntil, 'infinity')
            = coalesce(difference."validUntil", 'infinity')::timestamptz
            THEN format('VALID UNTIL %L', coalesce(difference."validUntil", 'infinity'))
          ELSE format('VALID UNTIL %L', coalesce(difference.rolvaliduntil, 'infinity'))
        END,
        false
    ) AS clause
    -- What a role that does not exist has is null: all that is said is to be done, and nothing is found.
    WHERE CASE WHEN clause.said THEN clause.wanted IS DISTINCT FROM clause.found ELSE clause.wanted <> clause.found END;
    IF difference.oid IS NULL THEN
      creations := array_append(creations, jsonb_build_object(
        'kind', 'change', 'object', format('role %I', difference.name),
        'sql', format('CREATE ROLE %I', difference.name) || coalesce(' ' || part.said, ''),
        'why', 'the role does not exist'));
    ELSIF part.said IS NOT NULL THEN
      alterations := array_append(alterations, jsonb_build_object(
        'kind', 'change', 'object', format('role %I', difference.name),
        'sql', format('ALTER ROLE %I ', difference.name) || part.said,
        'why', 'it is ' || part.was));
    END IF;
    IF part.refused IS NOT NULL THEN
      alterations := array_append(alterations, jsonb_build_object(
        'kind', 'blocked', 'object', format('role %I', difference.name),
        'why', format('declared %s, but it is the superuser of the server or the role that dbgen works as; '
          'declare another role, or remove the attribute', part.refused)));
    END IF;
    IF part.extra IS NOT NULL AND NOT difference.own THEN
      alterations := array_append(alterations, jsonb_build_object(
        'kind', undeclared, 'object', format('role %I', difference.name),
        'sql', format('ALTER ROLE %I ', difference.name) || part.plain,
        'why', 'not declared: ' || part.extra));
    END IF;

    -- Which parameters were set from here is remembered in a parameter beside them, so that they are reset when they are
    -- no longer declared.
    IF difference.settings <> '[]' OR difference.rolconfig <> '{}' THEN
      FOR part IN
        WITH want AS (
          SELECT
            setting.nr, setting.parameter, lower(setting.parameter COLLATE "C") AS key, stored.value, stored.literals
          FROM ROWS FROM (
            jsonb_to_recordset(difference.settings) AS (parameter text, "values" jsonb, names boolean)
          ) WITH ORDINALITY AS setting(parameter, "values", names, nr)
          CROSS JOIN LATERAL (
            SELECT
              -- As the server stores it: where values are names, each is quoted if it needs to be.
              coalesce(
                string_agg(
                  CASE WHEN setting.names THEN quote_ident(item.value) ELSE item.value END, ', ' ORDER BY item.nr),
                CASE WHEN setting.names THEN '""' ELSE '' END) AS value,
              coalesce(string_agg(quote_literal(item.value), ', ' ORDER BY item.nr), quote_literal('')) AS literals
            FROM jsonb_array_elements_text(setting."values") WITH ORDINALITY AS item(value, nr)
          ) AS stored
        )
        SELECT
          want.parameter IS NOT NULL AS wanted, want.literals, have.value AS had,
          CASE
            WHEN want.parameter IS NOT NULL OR have.key = 'dbgen.managed' OR have.key = ANY (have.managed) THEN 'change'
            ELSE undeclared
          END AS kind,
          -- A custom parameter keeps the spelling that it was first stored with.
          coalesce(have.parameter, want.parameter) AS parameter,
          (SELECT string_agg(quote_ident(word.text), '.' ORDER BY word.nr)
           FROM string_to_table(coalesce(have.parameter, want.parameter), '.')
             WITH ORDINALITY AS word(text, nr)) AS quoted
        FROM (
          SELECT want.nr, want.parameter, want.key, want.value, want.literals FROM want
          UNION ALL
          SELECT NULL, 'dbgen.managed', 'dbgen.managed', managed.value, quote_literal(managed.value)
          FROM (SELECT string_agg(want.parameter, ', ' ORDER BY want.nr) AS value FROM want) AS managed
          WHERE managed.value IS NOT NULL
        ) AS want
        FULL JOIN (
          SELECT
            split_part(item.text, '=', 1) AS parameter, lower(split_part(item.text, '=', 1) COLLATE "C") AS key,
            substr(item.text, strpos(item.text, '=') + 1) AS value,
            (SELECT string_to_array(lower(substr(mark.text, 15) COLLATE "C"), ', ')
             FROM unnest(difference.rolconfig) AS mark(text) WHERE starts_with(mark.text, 'dbgen.managed=')) AS managed
          FROM unnest(difference.rolconfig) AS item(text)
        ) AS have ON have.key = want.key
        WHERE want.value IS DISTINCT FROM have.value
        ORDER BY
          coalesce(want.key, have.key) = 'dbgen.managed',
          want.parameter IS NOT NULL,
          coalesce(want.key, have.key) COLLATE "C"
      LOOP
        settings := array_append(settings, jsonb_build_object(
          'kind', part.kind, 'object', format('role %I', difference.name),
          'sql', CASE WHEN part.wanted
            THEN format('ALTER ROLE %I SET %s TO %s', difference.name, part.quoted, part.literals)
            ELSE format('ALTER ROLE %I RESET %s', difference.name, part.quoted)
          END,
          'why', CASE
            WHEN part.wanted AND part.had IS NULL THEN 'it is not set'
            WHEN part.wanted THEN format('it is %L', part.had)
            ELSE format('not declared: %s = %L', part.parameter, part.had)
          END));
      END LOOP;
    END IF;

    -- An empty comment is none.
    IF difference.comment <> coalesce(difference.description, '') THEN
      comments := array_append(comments, jsonb_build_object(
        'kind', 'change', 'object', format('role %I', difference.name),
        'sql', format('COMMENT ON ROLE %I IS %L', difference.name, difference.comment),
        'why', CASE
          WHEN difference.description IS NULL THEN 'it has no comment'
          ELSE format('it is %L', difference.description)
        END));
    END IF;
  END LOOP;
  steps := steps || to_jsonb(creations || alterations);

-- @scram

  steps := steps || to_jsonb(settings || comments);

  -- Those stand in no way of one in the other direction.
  IF exact THEN
    leaving := ARRAY(
      SELECT concat(link.roleid, ' ', link.member)
      FROM pg_auth_members AS link
      CROSS JOIN LATERAL (SELECT pg_get_userbyid(link.roleid)::text, pg_get_userbyid(link.member)::text, to_jsonb(link)) AS its(role, member, row)
      WHERE link.member <> 10 AND its.member <> current_user
        AND EXISTS (SELECT FROM jsonb_to_recordset(declared) AS known(name text) WHERE known.name IN (its.role, its.member))
        AND NOT EXISTS (
          SELECT FROM jsonb_to_recordset(declared) AS known(name text, memberships jsonb)
          CROSS JOIN LATERAL jsonb_to_recordset(known.memberships) AS membership(role text)
          WHERE known.name = its.member AND membership.role = its.role)
      GROUP BY link.roleid, link.member
      -- Each of them goes, as is told below.
      HAVING NOT bool_or(
        link.grantor = 10 AND its.row @> '{"admin_option": true, "inherit_option": false, "set_option": false}'
        OR version >= 160000 AND (link.grantor = link.member OR link.admin_option AND EXISTS (
          SELECT FROM pg_auth_members AS passed WHERE passed.roleid = link.roleid AND passed.grantor = link.member))));
  END IF;

  -- From 16 a membership can be granted several times, by several roles, each with options of its own. What counts is
  -- whether any of them gives an option. What CREATE ROLE gives to a creator by itself (granted by the server's own
  -- superuser, ADMIN and nothing else) is the server's.
  FOR difference IN
    SELECT
      want.member, want.role, want.admin, want.inherit, want."set", want.attributes,
      have.roleid, have.memberid, have.role AS held_role, have.member AS held_member,
      have.any_admin, have.other_admin, have.unsaid_admin, have.any_inherit, have.any_set
    FROM (
      SELECT
        member.name AS member, membership.role, membership.admin, membership.inherit, membership."set",
        member.attributes
      FROM jsonb_to_recordset(declared) AS member(name text, attributes jsonb, memberships jsonb)
      CROSS JOIN LATERAL jsonb_to_recordset(member.memberships)
        AS membership(role text, admin boolean, inherit boolean, "set" boolean)
    ) AS want
    FULL JOIN (
      SELECT
        link.roleid, link.member AS memberid,
        pg_get_userbyid(link.roleid)::text AS role, pg_get_userbyid(link.member)::text AS member,
        bool_or(link.admin_option) AS any_admin,
        bool_or(link.admin_option AND (link.grantor <> 10 OR link.inherit_option OR link.set_option)) AS other_admin,
        bool_or(link.grantor <> 10 OR link.inherit_option OR link.set_option OR NOT link.admin_option) AS other,
        -- What GRANT adds to what CREATE ROLE gave is one with it.
        bool_or(link.admin_option AND NOT (version >= 160000 AND link.grantor = 10
          AND (of_member.rolcreaterole OR NOT (link.inherit_option OR link.set_option)))) AS unsaid_admin,
        bool_or(of_member.rolinherit) AS member_inherits,
        bool_or(link.inherit_option) AS any_inherit,
        bool_or(link.set_option) AS any_set
      -- Before 16 the table lacks the two columns, and their names mean these.
      FROM (VALUES (true, true)) AS before_16(inherit_option, set_option)
      CROSS JOIN LATERAL (
        SELECT roleid, member, grantor, admin_option, inherit_option, set_option
        FROM pg_auth_members
        -- Not what the server's own roles are of each other.
        WHERE member >= 16384 OR member = 10 OR roleid >= 16384
      ) AS link
      JOIN pg_roles AS of_member ON of_member.oid = link.member
      GROUP BY link.roleid, link.member
    ) AS have ON have.role = want.role AND have.member = want.member
    WHERE CASE
      WHEN want.role IS NULL THEN
        have.other
        AND have.memberid <> 10
        AND have.member <> current_user
        AND (
          have.member IN (SELECT role.name FROM jsonb_to_recordset(declared) AS role(name text))
          OR have.role IN (SELECT role.name FROM jsonb_to_recordset(declared) AS role(name text)))
      ELSE have.roleid IS NULL
        OR NOT (have.any_inherit OR have.any_set)
        OR CASE WHEN want.admin THEN NOT have.any_admin WHEN want.admin IS NULL THEN have.unsaid_admin ELSE have.other_admin END
        OR want.inherit <> have.any_inherit
        OR version >= 160000 AND want.inherit IS NULL
          AND coalesce((want.attributes->>'inherit')::boolean, exact OR have.member_inherits) <> have.any_inherit
        OR coalesce(want."set", true) <> have.any_set
        OR version < 160000 AND want.inherit
    END
    ORDER BY
      coalesce(want.role, have.role) COLLATE "C",
      coalesce(want.member, have.member) COLLATE "C"
  LOOP
    IF difference.role IS NULL THEN
      FOR part IN
        SELECT
          granted.grantor, granted.admin_option,
          -- A role that may grant itself the membership at any time gains nothing by it.
          version >= 160000 AND granted.grantor = difference.memberid AS self,
          version >= 160000 AND granted.admin_option AND EXISTS (
            SELECT FROM pg_auth_members AS passed
            WHERE passed.roleid = difference.roleid AND passed.grantor = difference.memberid) AS passed_on
        FROM pg_auth_members AS granted
        CROSS JOIN LATERAL to_jsonb(granted) AS row_of(content)
        WHERE granted.roleid = difference.roleid AND granted.member = difference.memberid
          AND NOT (
            granted.grantor = 10
            AND row_of.content @> '{"admin_option": true, "inherit_option": false, "set_option": false}')
        ORDER BY granted.grantor
      LOOP
        revokes := array_append(revokes, jsonb_strip_nulls(jsonb_build_object(
          'kind', CASE WHEN part.self OR part.passed_on THEN 'found' ELSE undeclared END,
          'object', format('role %I', difference.held_member),
          'sql', CASE WHEN NOT part.passed_on THEN
            format('REVOKE %I FROM %I', difference.held_role, difference.held_member)
              || CASE WHEN version >= 160000 THEN format(' GRANTED BY %I', pg_get_userbyid(part.grantor)) ELSE '' END
          END,
          'why', CASE
            WHEN part.passed_on THEN
              format('membership in %I is not declared; it has granted it to others', difference.held_role)
            ELSE 'the membership is not declared'
          END)));
      END LOOP;
      CONTINUE;
    END IF;

    inherits := coalesce(
      (difference.attributes->>'inherit')::boolean,
      CASE WHEN exact THEN true END,
      (SELECT pg_roles.rolinherit FROM pg_roles WHERE pg_roles.rolname = difference.member),
      true);
    obstacle := CASE
      WHEN version < 160000 AND (NOT difference."set" OR difference.inherit <> inherits) THEN
        format(
          'declared %s for the membership in %I, which PostgreSQL has from 16; remove the option%s, '
            'or move to a newer server',
          concat_ws(', ', 'INHERIT ' || upper(difference.inherit::text COLLATE "C"), 'SET ' || upper(difference."set"::text COLLATE "C")),
          difference.role,
          CASE WHEN difference.inherit <> inherits THEN ', or declare it as an attribute of the role' ELSE '' END)
    END;
    IF obstacle IS NULL AND difference.roleid IS NULL THEN
      IF EXISTS (SELECT FROM pg_roles WHERE pg_roles.rolname = difference.role) THEN
        IF EXISTS (
          WITH RECURSIVE above(roleid) AS (
            SELECT pg_roles.oid FROM pg_roles WHERE pg_roles.rolname = difference.role
            UNION
            SELECT link.roleid FROM pg_auth_members AS link JOIN above ON link.member = above.roleid
            WHERE concat(link.roleid, ' ', link.member) <> ALL (leaving)
          )
          SELECT FROM above JOIN pg_roles ON pg_roles.oid = above.roleid WHERE pg_roles.rolname = difference.member
        ) THEN
          obstacle := format(
            'declared to be a member of %I, which is a member of this role, directly or not; revoke that first',
            difference.role);
        END IF;
      ELSIF starts_with(difference.role, 'pg_') THEN
        obstacle := format(
          'declared to be a member of %I, which this server lacks; remove the membership, or move to a newer server',
          difference.role);
      ELSIF NOT jsonb_path_exists(
        declared, '$[*] ? (@.name == $name)', jsonb_build_object('name', difference.role))
      THEN
        grants := array_append(grants, jsonb_build_object(
          'kind', 'pending', 'object', format('role %I', difference.member),
          'sql', format('GRANT %I TO %I', difference.role, difference.member),
          'why', format('there is no role %I', difference.role)));
        CONTINUE;
      END IF;
    END IF;
    IF obstacle IS NULL AND NOT difference.admin AND difference.other_admin AND version >= 160000 AND EXISTS (
      SELECT FROM pg_auth_members AS passed
      WHERE passed.roleid = difference.roleid AND passed.grantor = difference.memberid)
    THEN
      obstacle := format(
        'declared without ADMIN for the membership in %I, but it has granted that to others; revoke those first',
        difference.role);
    END IF;
    IF obstacle IS NOT NULL THEN
      grants := array_append(grants, jsonb_build_object(
        'kind', 'blocked', 'object', format('role %I', difference.member), 'why', obstacle));
      CONTINUE;
    END IF;

    -- An option that is not said is what the reference says of it; what it is instead is not declared.
    FOR part IN
      SELECT option.name, option.said IS NULL AS unsaid, granted.grantor,
        option.nr = 1 AND version >= 160000 AND EXISTS (
          SELECT FROM pg_auth_members AS passed
          WHERE passed.roleid = difference.roleid AND passed.grantor = difference.memberid) AS passed_on
      FROM pg_auth_members AS granted
      CROSS JOIN LATERAL to_jsonb(granted) AS row_of(content)
      CROSS JOIN LATERAL (VALUES
        (1, 'ADMIN', difference.admin, false, granted.admin_option AND NOT (
          granted.grantor = 10 AND row_of.content @> '{"inherit_option": false, "set_option": false}')
          AND (difference.admin IS NOT NULL OR difference.unsaid_admin AND NOT (
            version >= 160000 AND granted.grantor = 10
            AND (SELECT pg_roles.rolcreaterole FROM pg_roles WHERE pg_roles.oid = difference.memberid)))),
        (2, 'INHERIT', difference.inherit, inherits, row_of.content->'inherit_option' = 'true'),
        (3, 'SET', difference."set", true, row_of.content->'set_option' = 'true')
      ) AS option(nr, name, said, unsaid, given)
      WHERE granted.roleid = difference.roleid AND granted.member = difference.memberid
        AND option.given AND NOT coalesce(option.said, option.unsaid)
      ORDER BY granted.grantor, option.nr
    LOOP
      revokes := array_append(revokes, jsonb_strip_nulls(jsonb_build_object(
        'kind', CASE WHEN part.unsaid AND part.passed_on THEN 'found' WHEN part.unsaid THEN undeclared ELSE 'change' END,
        'object', format('role %I', difference.member),
        'sql', CASE WHEN NOT (part.unsaid AND part.passed_on) THEN
          format('REVOKE %s OPTION FOR %I FROM %I', part.name, difference.role, difference.member)
            || CASE WHEN version >= 160000 THEN format(' GRANTED BY %I', pg_get_userbyid(part.grantor)) ELSE '' END
        END,
        'why', CASE
          WHEN part.unsaid AND part.passed_on THEN
            format('%s for the membership in %I is not declared; it has granted that to others', part.name, difference.role)
          WHEN part.unsaid THEN format('not declared: %s for the membership in %I', part.name, difference.role)
          ELSE format('declared without %s', part.name)
        END)));
    END LOOP;

    -- Of an option that is not said, GRANT gives what it gives to a new member.
    usable := difference.roleid IS NOT NULL AND (
      difference.any_inherit AND difference.inherit IS NOT FALSE
      OR difference.any_set AND difference."set" IS NOT FALSE
      OR NOT coalesce(difference.inherit, inherits) AND NOT coalesce(difference."set", true));
    only_unsaid := usable
      AND (difference.any_admin OR difference.admin IS NOT TRUE)
      AND (difference.any_inherit OR difference.inherit IS NOT TRUE OR version < 160000)
      AND (difference.any_set OR difference."set" IS NOT TRUE);
    -- What is declared is there; is what is meant without being said?
    CONTINUE WHEN only_unsaid AND (version < 160000
      OR (difference.any_inherit OR difference.inherit IS NOT NULL OR NOT inherits)
        AND (difference.any_set OR difference."set" IS NOT NULL));
    options := CASE
      WHEN only_unsaid THEN
        concat_ws(
          ', ',
          'ADMIN ' || upper(difference.admin::text COLLATE "C"),
          'INHERIT ' || upper(coalesce(difference.inherit, inherits)::text COLLATE "C"),
          'SET ' || upper(coalesce(difference."set", true)::text COLLATE "C"))
      WHEN version >= 160000 THEN
        concat_ws(
          ', ',
          'ADMIN ' || upper(difference.admin::text COLLATE "C"),
          'INHERIT ' || upper(coalesce(
            difference.inherit,
            CASE WHEN difference.roleid IS NOT NULL AND NOT usable AND inherits THEN true END)::text COLLATE "C"),
          'SET ' || upper(coalesce(
            difference."set", CASE WHEN difference.roleid IS NOT NULL AND NOT usable THEN true END)::text COLLATE "C"))
      WHEN difference.admin THEN 'ADMIN OPTION'
      ELSE ''
    END;
    grants := array_append(grants, jsonb_build_object(
      'kind', CASE WHEN only_unsaid THEN undeclared ELSE 'change' END, 'object', format('role %I', difference.member),
      'sql', format('GRANT %I TO %I', difference.role, difference.member)
        || coalesce(' WITH ' || nullif(options, ''), ''),
      'why', CASE
        WHEN difference.roleid IS NULL THEN 'it is not a member'
        ELSE 'the membership is '
          || concat_ws(
            ', ',
            'ADMIN ' || upper(difference.any_admin::text COLLATE "C"),
            CASE WHEN version >= 160000 THEN 'INHERIT ' || upper(difference.any_inherit::text COLLATE "C") END,
            CASE WHEN version >= 160000 THEN 'SET ' || upper(difference.any_set::text COLLATE "C") END)
      END));
  END LOOP;
  steps := steps || to_jsonb(revokes || grants);
END;
