DO $dbgen$
#variable_conflict use_column
-- Looks at the server, compares it with what is declared, and does what is missing. A block like this writes nothing by
-- itself, where a function or a temporary table would write to the catalogs at every run.
DECLARE
  desired CONSTANT jsonb := current_setting('dbgen.desired');
  applying CONSTANT boolean := current_setting('dbgen.mode') = 'apply';
  exact CONSTANT boolean := coalesce(desired->>'converge' = 'authoritative', false);
  version CONSTANT integer := current_setting('server_version_num');
  last_pass CONSTANT integer := 6;
  -- RESET ROLE would lead to the role that the database has set for its sessions.
  own_role CONSTANT text := 'SET LOCAL ROLE '
    || CASE current_setting('role') WHEN 'none' THEN 'NONE' ELSE quote_ident(current_setting('role')) END;
  -- What is told of a grant that nobody can take back (way.sql), behind its grantor.
  out_of_reach CONSTANT text := ' has the rights of a superuser, of the owner or of another role with the grant option now, so that'
    ' PostgreSQL takes nothing back in its own name: take that from it, GRANT it the right WITH GRANT OPTION, and REVOKE that from it'
    ' CASCADE';
  without_passwords CONSTANT boolean := coalesce(current_setting('dbgen.passwords', true) = 'off', false);
  remembers CONSTANT boolean := coalesce(current_setting('dbgen.memory', true), '') <> '' AND NOT without_passwords;
  -- Roles are independent of each other, and so are databases: what fails of one takes nothing from the others.
  apart CONSTANT boolean := current_setting('dbgen.object') IN ('roles', 'databases');
  excluded text[] := '{}';
  failures jsonb := '[]';
  part text;
  attempts integer := 0;
  retries integer := 0;
  -- The catalogs' fingerprint from before a pass looks: what somebody else commits meanwhile must not be remembered. Nothing
  -- before the first pass, where nothing was remembered.
  seen text := current_setting('dbgen.seen', true);
  -- What this pass found, what all passes executed, and what is under way.
  steps jsonb;
  executed jsonb;
  step jsonb;
  verifiers jsonb := '{}';
  message text;
  detail text;
  hint text;
  context text;
BEGIN
  LOOP
    attempts := attempts + 1;
    executed := '[]';
    BEGIN
      FOR pass IN 1 .. last_pass LOOP
        steps := '[]';
        step := NULL;
        IF remembers AND (pass > 1 OR attempts > 1) THEN
          EXECUTE current_setting('dbgen.fingerprint') INTO seen;
        END IF;
-- @difference
        IF excluded <> '{}' THEN
          SELECT coalesce(jsonb_agg(value ORDER BY ordinality), '[]') INTO steps
          FROM jsonb_array_elements(steps) WITH ORDINALITY
          WHERE value->>'kind' <> 'change' OR coalesce(value->>'of', value->>'object') <> ALL (excluded);
        END IF;
        EXIT WHEN NOT applying OR NOT steps @> '[{"kind": "change"}]' AND NOT (remembers AND seen = '' AND steps = '[]');
        IF pass = last_pass THEN
          IF apart THEN
            step := jsonb_build_object('object', (
              SELECT coalesce(value->>'of', value->>'object')
              FROM jsonb_array_elements(steps) WITH ORDINALITY WHERE value->>'kind' = 'change' ORDER BY ordinality LIMIT 1));
            SELECT jsonb_agg(value) INTO steps
            FROM jsonb_array_elements(steps) WHERE value->>'kind' = 'change' AND coalesce(value->>'of', value->>'object') = step->>'object';
          END IF;
          RAISE EXCEPTION 'the server does not stay as it was made'
            USING DETAIL = 'After ' || pass - 1 || ' rounds there is still to do: '
              || (SELECT string_agg(concat_ws(' -- ', value->>'sql', value->>'why'), '; ') FROM jsonb_array_elements(steps) WHERE value->>'kind' = 'change');
        END IF;
        FOR step IN
          SELECT value FROM jsonb_array_elements(steps) WITH ORDINALITY WHERE value->>'kind' = 'change' ORDER BY ordinality
        LOOP
          IF step ? 'password' THEN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', step->>'password', verifiers->>(step->>'password'));
          ELSE
            EXECUTE step->>'sql';
          END IF;
          executed := executed || (step || jsonb_build_object('pass', pass));
        END LOOP;
      END LOOP;
      EXIT;
    EXCEPTION WHEN OTHERS THEN
      -- Everything since the inner BEGIN is undone.
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        context = PG_EXCEPTION_CONTEXT;
      retries := retries + 1;
      IF retries < 5 AND (sqlstate IN ('40001', '40P01') OR sqlstate = 'XX000' AND message LIKE 'tuple concurrently %') THEN
        PERFORM pg_sleep(0.05 * retries);
        CONTINUE;
      END IF;
      executed := '[]';
      failures := failures || jsonb_strip_nulls(jsonb_build_object(
        'kind', 'failed',
        'object', coalesce(step->>'object', current_setting('dbgen.object')),
        'of', step->>'of',
        'sql', step->>'sql',
        'why', concat_ws('; ', message, nullif(detail, ''), nullif(hint, ''),
          -- The function that the statement has called, an event trigger's above all: its line stands before the statement's.
          substring(left(context, greatest(strpos(context, step->>'sql') - 1, 0)) from E'([^\\n]+)\\n[^\\n]*$'),
          substring(step->>'why' from '^its condition does not hold: .*')),
        'sqlstate', sqlstate));
      part := coalesce(step->>'of', step->>'object');
      IF NOT apart OR part IS NULL OR part = ANY (excluded) THEN
        steps := '[]';
        EXIT;
      END IF;
      -- Once more, without what is to be done for this one.
      excluded := excluded || part;
    END;
  END LOOP;
  steps := failures || steps;
  -- As long as the catalogs stay like this there is nothing to look at.
  IF applying AND remembers AND steps = '[]' THEN
    step := jsonb_build_object(
      'kind', 'record',
      'object', format('database %I', current_database()),
      'sql', format(
        'ALTER ROLE %I IN DATABASE %I SET %s TO %L', pg_get_userbyid(10), current_database(), current_setting('dbgen.memory'),
        concat_ws(' ', current_setting('dbgen.document'), seen)),
      'why', 'so that the next run sees at once that nothing has changed');
    EXECUTE step->>'sql';
    executed := executed || step;
  END IF;
  PERFORM set_config(
    'dbgen.steps',
    CASE WHEN applying
      THEN executed || coalesce(
        (SELECT jsonb_agg(value ORDER BY ordinality) FROM jsonb_array_elements(steps) WITH ORDINALITY WHERE value->>'kind' <> 'change'),
        '[]')
      ELSE steps
    END::text,
    false);
END
$dbgen$;
