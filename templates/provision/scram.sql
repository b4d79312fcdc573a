-- Passwords: what ALTER ROLE has to store so that each declared secret logs in, without a byte of the secret leaving these variables.
-- A secret is touched by expressions alone, never by a query: PL/pgSQL evaluates an expression outside the executor, by a plan without values, so
-- that neither auto_explain nor debug_print_plan has anything to show. And no RAISE, no EXECUTE, no function that puts its argument into an error.
<<passwords>>
DECLARE
  -- What libpq took before 14; the servers and newer clients have no limit.
  longest CONSTANT integer := 1024;
  -- It is the client that repeats them at each login, within authentication_timeout; and a role may store a verifier of its own, and must
  -- not keep this program busy with it.
  most_rounds CONSTANT integer := 1000000;
  verifier_shape CONSTANT text := '^SCRAM-SHA-256\$([1-9][0-9]{0,8})'
    ':((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==))'
    '\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$';
  longest_verifier CONSTANT integer := 512;
  inner_mask CONSTANT bit(512) := ('x' || repeat('36', 64))::bit(512);
  outer_mask CONSTANT bit(512) := ('x' || repeat('5c', 64))::bit(512);
  role_name text;
  source jsonb;
  stored text;
  stored_parts text[];
  path text;
  secret bytea;
  hex text;
  mapped text COLLATE "C";
  verifier text;
  problem text;
  salt text;
  rounds integer;
  fresh boolean;
  key bit(512);
  inner_pad bytea;
  outer_pad bytea;
  u bytea;
  u1 bytea;
  u2 bytea;
  u3 bytea;
  u4 bytea;
  u5 bytea;
  u6 bytea;
  u7 bytea;
  eight bit(2048);
  salted bit(256);
  client_key bytea;
  server_key bytea;
BEGIN
  EXIT passwords WHEN without_passwords;
  IF NOT has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT') THEN
    FOR role_name IN
      SELECT d.item ->> 'name' FROM jsonb_array_elements(desired -> 'roles') WITH ORDINALITY AS d (item, place)
      WHERE jsonb_typeof(d.item -> 'password') = 'object' ORDER BY d.place
    LOOP
      steps := steps || jsonb_build_object('kind', 'blocked', 'object', format('role %I', role_name),
        'why', 'its password can''t be compared: only a superuser reads pg_authid; connect as a superuser');
    END LOOP;
    EXIT passwords;
  END IF;
  FOR role_name, source, stored IN
    SELECT d.item ->> 'name', d.item -> 'password', a.rolpassword
    FROM jsonb_array_elements(desired -> 'roles') WITH ORDINALITY AS d (item, place)
    LEFT JOIN pg_authid a ON a.rolname = d.item ->> 'name'
    WHERE jsonb_typeof(d.item -> 'password') = 'object' ORDER BY d.place
  LOOP
    -- What an earlier pass of this run has stored need not be computed again.
    CONTINUE WHEN stored = verifiers ->> role_name;
    stored_parts := regexp_match(stored, verifier_shape);
    path := source ->> 'file';
    secret := NULL;
    verifier := NULL;
    problem := NULL;
    IF path IS NULL THEN
      verifier := source ->> 'verifier';
      IF (verifier ~ verifier_shape AND length(verifier) <= longest_verifier) IS NOT TRUE THEN
        problem := 'the declared verifier of its password is none of SCRAM-SHA-256';
      END IF;
    ELSE
      BEGIN
        secret := pg_read_binary_file(path, 0, longest + 3, true);
        IF secret IS NULL THEN
          problem := 'it does not exist';
        END IF;
      EXCEPTION WHEN OTHERS THEN
        -- The path, and what the operating system says of it.
        problem := SQLERRM;
      END;
      IF substring(secret from length(secret)) = '\x0a'::bytea THEN
        secret := substring(secret for length(secret) - 1);
        IF substring(secret from length(secret)) = '\x0d'::bytea THEN
          secret := substring(secret for length(secret) - 1);
        END IF;
      END IF;
      hex := encode(secret, 'hex');
      CASE
        WHEN problem IS NOT NULL THEN
          NULL;
        WHEN hex = '' THEN
          problem := 'it is empty, and a password can''t be';
        WHEN length(secret) > longest THEN
          problem := format('it has more than %s bytes', longest);
        WHEN position('\x00'::bytea in secret) > 0 THEN
          problem := 'it has a NUL byte, which no password can have';
        WHEN hex ~ '^(?:[0-7].)*$' THEN
          IF length(secret) <= longest_verifier AND convert_from(secret, 'SQL_ASCII') ~ verifier_shape THEN
            verifier := convert_from(secret, 'SQL_ASCII');
            IF substring(verifier from verifier_shape)::integer > most_rounds THEN
              problem := format('it is a verifier with more than %s iterations, which every client would have to compute at each login',
                most_rounds);
            END IF;
          END IF;
        -- convert_from() would show the bytes that are not UTF-8 in its error.
        WHEN hex !~ ('^(?:[0-7].|(?:c[2-9a-f]|d.)[89ab].|e0[ab].[89ab].|e[1-9abcef](?:[89ab].){2}|ed[89].[89ab].'
               '|f0[9ab].(?:[89ab].){2}|f[123](?:[89ab].){3}|f48.(?:[89ab].){2})*$') THEN
          problem := 'it is not UTF-8: write the password in UTF-8, or its SCRAM-SHA-256 verifier';
        WHEN getdatabaseencoding() <> 'UTF8' THEN
          problem := format('it is not ASCII, and a server can''t normalize it as clients do in a database in %s, which %I is: '
            'write its SCRAM-SHA-256 verifier, or choose a password in ASCII, or connect to a database in UTF8',
            getdatabaseencoding(), current_database());
        ELSE
          -- SASLprep (RFC 4013) as the server and libpq do it: they look for what is refused before they normalize, and use a refused
          -- password as it is. The ranges also cover what can't be left at that point, which keeps them few.
          DECLARE
            -- Non-ASCII spaces.
            spaces CONSTANT text := '\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000';
            -- Commonly mapped to nothing.
            nothing CONSTANT text := '\u00AD\u034F\u1806\u180B-\u180D\u200B-\u200D\u2060\uFE00-\uFE0F\uFEFF';
            -- Prohibited, or unassigned in Unicode 3.2.
            refused CONSTANT text := '\u0001-\u001F\u007F-\u009F\u0221\u0234-\u024F\u02AE\u02AF\u02EF-\u02FF\u0340\u0341\u0350-\u035F\u0370-\u0373'
              '\u0376-\u0379\u037B-\u037D\u037F-\u0383\u038B\u038D\u03A2\u03CF\u03F7-\u03FF\u0487\u04CF\u04F6\u04F7'
              '\u04FA-\u04FF\u0510-\u0530\u0557\u0558\u0560\u0588\u058B-\u0590\u05A2\u05BA\u05C5-\u05CF\u05EB-\u05EF'
              '\u05F5-\u060B\u060D-\u061A\u061C-\u061E\u0620\u063B-\u063F\u0656-\u065F\u06DD\u06EE\u06EF\u06FF\u070E\u070F'
              '\u072D-\u072F\u074B-\u077F\u07B2-\u0900\u0904\u093A\u093B\u094E\u094F\u0955-\u0957\u0971-\u0980\u0984\u098D'
              '\u098E\u0991\u0992\u09A9\u09B1\u09B3-\u09B5\u09BA\u09BB\u09BD\u09C5\u09C6\u09C9\u09CA\u09CE-\u09D6'
              '\u09D8-\u09DB\u09DE\u09E4\u09E5\u09FB-\u0A01\u0A03\u0A04\u0A0B-\u0A0E\u0A11\u0A12\u0A29\u0A31\u0A34\u0A37'
              '\u0A3A\u0A3B\u0A3D\u0A43-\u0A46\u0A49\u0A4A\u0A4E-\u0A58\u0A5D\u0A5F-\u0A65\u0A75-\u0A80\u0A84\u0A8C\u0A8E'
              '\u0A92\u0AA9\u0AB1\u0AB4\u0ABA\u0ABB\u0AC6\u0ACA\u0ACE\u0ACF\u0AD1-\u0ADF\u0AE1-\u0AE5\u0AF0-\u0B00\u0B04'
              '\u0B0D\u0B0E\u0B11\u0B12\u0B29\u0B31\u0B34\u0B35\u0B3A\u0B3B\u0B44-\u0B46\u0B49\u0B4A\u0B4E-\u0B55'
              '\u0B58-\u0B5B\u0B5E\u0B62-\u0B65\u0B71-\u0B81\u0B84\u0B8B-\u0B8D\u0B91\u0B96-\u0B98\u0B9B\u0B9D\u0BA0-\u0BA2'
              '\u0BA5-\u0BA7\u0BAB-\u0BAD\u0BB6\u0BBA-\u0BBD\u0BC3-\u0BC5\u0BC9\u0BCE-\u0BD6\u0BD8-\u0BE6\u0BF3-\u0C00'
              '\u0C04\u0C0D\u0C11\u0C29\u0C34\u0C3A-\u0C3D\u0C45\u0C49\u0C4E-\u0C54\u0C57-\u0C5F\u0C62-\u0C65\u0C70-\u0C81'
              '\u0C84\u0C8D\u0C91\u0CA9\u0CB4\u0CBA-\u0CBD\u0CC5\u0CC9\u0CCE-\u0CD4\u0CD7-\u0CDD\u0CDF\u0CE2-\u0CE5'
              '\u0CF0-\u0D01\u0D04\u0D0D\u0D11\u0D29\u0D3A-\u0D3D\u0D44\u0D45\u0D49\u0D4E-\u0D56\u0D58-\u0D5F\u0D62-\u0D65'
              '\u0D70-\u0D81\u0D84\u0D97-\u0D99\u0DB2\u0DBC\u0DBE\u0DBF\u0DC7-\u0DC9\u0DCB-\u0DCE\u0DD5\u0DD7\u0DE0-\u0DF1'
              '\u0DF5-\u0E00\u0E3B-\u0E3E\u0E5C-\u0E80\u0E83\u0E85\u0E86\u0E89\u0E8B\u0E8C\u0E8E-\u0E93\u0E98\u0EA0\u0EA4'
              '\u0EA6\u0EA8\u0EA9\u0EAC\u0EBA\u0EBE\u0EBF\u0EC5\u0EC7\u0ECE\u0ECF\u0EDA\u0EDB\u0EDE-\u0EFF\u0F48'
              '\u0F6B-\u0F70\u0F8C-\u0F8F\u0F98\u0FBD\u0FCD\u0FCE\u0FD0-\u0FFF\u1022\u1028\u102B\u1033-\u1035\u103A-\u103F'
              '\u105A-\u109F\u10C6-\u10CF\u10F9\u10FA\u10FC-\u10FF\u115A-\u115E\u11A3-\u11A7\u11FA-\u11FF\u1207\u1247\u1249'
              '\u124E\u124F\u1257\u1259\u125E\u125F\u1287\u1289\u128E\u128F\u12AF\u12B1\u12B6\u12B7\u12BF\u12C1\u12C6\u12C7'
              '\u12CF\u12D7\u12EF\u130F\u1311\u1316\u1317\u131F\u1347\u135B-\u1360\u137D-\u139F\u13F5-\u1400\u1677-\u167F'
              '\u169D-\u169F\u16F1-\u16FF\u170D\u1715-\u171F\u1737-\u173F\u1754-\u175F\u176D\u1771\u1774-\u177F'
              '\u17DD-\u17DF\u17EA-\u17FF\u180E\u180F\u181A-\u181F\u1878-\u187F\u18AA-\u1DFF\u1E9C-\u1E9F\u1EFA-\u1EFF'
              '\u1F16\u1F17\u1F1E\u1F1F\u1F46\u1F47\u1F4E\u1F4F\u1F58\u1F5A\u1F5C\u1F5E\u1F7E\u1F7F\u1FB5\u1FC5\u1FD4\u1FD5'
              '\u1FDC\u1FF0\u1FF1\u1FF5\u1FFF-\u200F\u2028-\u202E\u2053-\u2056\u2058-\u206F\u2072\u2073\u208F-\u209F'
              '\u20B2-\u20CF\u20EB-\u20FF\u213B\u213C\u214C-\u2152\u2184-\u218F\u23CF-\u23FF\u2427-\u243F\u244B-\u245F'
              '\u24FF\u2614\u2615\u2618\u267E\u267F\u268A-\u2700\u2705\u270A\u270B\u2728\u274C\u274E\u2753-\u2755\u2757'
              '\u275F\u2760\u2795-\u2797\u27B0\u27BF-\u27CF\u27EC-\u27EF\u2B00-\u2E7F\u2E9A\u2EF4-\u2EFF\u2FD6-\u2FFF\u3040'
              '\u3097\u3098\u3100-\u3104\u312D-\u3130\u318F\u31B8-\u31EF\u321D-\u321F\u3244-\u3250\u327C-\u327E'
              '\u32CC-\u32CF\u32FF\u3377-\u337A\u33DE\u33DF\u33FF\u4DB6-\u4DFF\u9FA6-\u9FFF\uA48D-\uA48F\uA4C7-\uABFF'
              '\uD7A4-\uF8FF\uFA2E\uFA2F\uFA6B-\uFAFF\uFB07-\uFB12\uFB18-\uFB1C\uFB37\uFB3D\uFB3F\uFB42\uFB45\uFBB2-\uFBD2'
              '\uFD40-\uFD4F\uFD90\uFD91\uFDC8-\uFDEF\uFDFD-\uFE1F\uFE24-\uFE2F\uFE47\uFE48\uFE53\uFE67\uFE6C-\uFE6F\uFE75'
              '\uFEFD-\uFF00\uFFBF-\uFFC1\uFFC8\uFFC9\uFFD0\uFFD1\uFFD8\uFFD9\uFFDD-\uFFDF\uFFE7\uFFEF-\U000102FF\U0001031F'
              '\U00010324-\U0001032F\U0001034B-\U000103FF\U00010426\U00010427\U0001044E-\U0001CFFF\U0001D0F6-\U0001D0FF'
              '\U0001D127-\U0001D129\U0001D173-\U0001D17A\U0001D1DE-\U0001D3FF\U0001D455\U0001D49D\U0001D4A0\U0001D4A1'
              '\U0001D4A3\U0001D4A4\U0001D4A7\U0001D4A8\U0001D4AD\U0001D4BA\U0001D4BC\U0001D4C1\U0001D4C4\U0001D506'
              '\U0001D50B\U0001D50C\U0001D515\U0001D51D\U0001D53A\U0001D53F\U0001D545\U0001D547-\U0001D549\U0001D551'
              '\U0001D6A4-\U0001D6A7\U0001D7CA-\U0001D7CD\U0001D800-\U0001FFFF\U0002A6D7-\U0002F7FF\U0002FA1E-\U0010FFFF';
            -- Bidirectional category R or AL.
            leftward CONSTANT text := '\u05BE\u05C0\u05C3\u05D0-\u05F4\u061B-\u064A\u066D-\u066F\u0671-\u06D5\u06E5\u06E6\u06FA-\u0710\u0712-\u072C'
              '\u0780-\u07A5\u07B1\uFB1D\uFB1F-\uFB28\uFB2A-\uFD3D\uFD50-\uFDFC\uFE70-\uFEFC';
            -- Bidirectional category L.
            rightward CONSTANT text := '\u0041-\u005A\u0061-\u007A\u00AA\u00B5\u00BA\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02B8\u02BB-\u02C1\u02D0\u02D1'
              '\u02E0-\u02E4\u02EE\u037A\u0386\u0388-\u03F5\u0400-\u0482\u048A-\u0589\u0903-\u0939\u093D-\u0940'
              '\u0949-\u094C\u0950\u0958-\u0961\u0964-\u0970\u0982-\u09B9\u09BE-\u09C0\u09C7-\u09CC\u09D7-\u09E1'
              '\u09E6-\u09F1\u09F4-\u09FA\u0A05-\u0A39\u0A3E-\u0A40\u0A59-\u0A6F\u0A72-\u0A74\u0A83-\u0AB9\u0ABD-\u0AC0'
              '\u0AC9-\u0ACC\u0AD0-\u0AEF\u0B02-\u0B39\u0B3D\u0B3E\u0B40\u0B47-\u0B4C\u0B57-\u0B70\u0B83-\u0BBF'
              '\u0BC1-\u0BCC\u0BD7-\u0C39\u0C41-\u0C44\u0C60-\u0CBE\u0CC0-\u0CC4\u0CC7-\u0CCB\u0CD5-\u0D40\u0D46-\u0D4C'
              '\u0D57-\u0DC6\u0DCF-\u0DD1\u0DD8-\u0E30\u0E32\u0E33\u0E40-\u0E46\u0E4F-\u0EB0\u0EB2\u0EB3\u0EBD-\u0EC6'
              '\u0ED0-\u0F17\u0F1A-\u0F34\u0F36\u0F38\u0F3E-\u0F6A\u0F7F\u0F85\u0F88-\u0F8B\u0FBE-\u0FC5\u0FC7-\u102C\u1031'
              '\u1038\u1040-\u1057\u10A0-\u169A\u16A0-\u1711\u1720-\u1731\u1735-\u1751\u1760-\u1770\u1780-\u17B6'
              '\u17BE-\u17C5\u17C7\u17C8\u17D4-\u17DA\u17DC-\u17E9\u1810-\u18A8\u1E00-\u1FBC\u1FBE\u1FC2-\u1FCC'
              '\u1FD0-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FFC\u2071\u207F\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126'
              '\u2128\u212A-\u212D\u212F-\u2131\u2133-\u2139\u213D-\u213F\u2145-\u2149\u2160-\u2183\u2336-\u237A\u2395'
              '\u249C-\u24E9\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303C\u3041-\u3096\u309D-\u309F\u30A1-\u30FA'
              '\u30FC-\u3243\u3260-\u32B0\u32C0-\uA48C\uAC00-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\uFF66-\uFFDC'
              '\U00010300-\U0001D166\U0001D16A-\U0001D172\U0001D183\U0001D184\U0001D18C-\U0001D1A9\U0001D1AE-\U0001D7C9'
              '\U00020000-\U0002FA1D';
          BEGIN
            mapped := regexp_replace(convert_from(secret, 'UTF8') COLLATE "C", '[' || spaces || ']', ' ', 'g');
            mapped := regexp_replace(mapped, '[' || nothing || ']', '', 'g');
            IF mapped <> '' AND mapped !~ ('[' || refused || ']')
              AND (mapped !~ ('[' || leftward || ']')
                OR (mapped !~ ('[' || rightward || ']')
                  AND left(mapped, 1) ~ ('[' || leftward || ']')
                  AND right(mapped, 1) ~ ('[' || leftward || ']')))
            THEN
              secret := convert_to(normalize(mapped, NFKC), 'UTF8');
            END IF;
          END;
      END CASE;
      IF problem IS NOT NULL THEN
        problem := format('the file of its password, %s, can''t be used: %s', path, problem);
      END IF;
    END IF;
    IF problem IS NOT NULL THEN
      steps := steps || jsonb_build_object('kind', 'blocked', 'object', format('role %I', role_name), 'why', problem);
      CONTINUE;
    END IF;

    IF verifier IS NULL THEN
      IF length(secret) > 64 THEN
        secret := sha256(secret);
      END IF;
      key := ('x' || encode(secret, 'hex'))::bit(512);
      inner_pad := substring(bit_send(key # inner_mask) from 5);
      outer_pad := substring(bit_send(key # outer_mask) from 5);
      -- The stored salt first, with which an unchanged secret gives the stored verifier; for a changed secret another salt.
      rounds := stored_parts[1];
      salt := CASE WHEN rounds <= most_rounds THEN stored_parts[2] END;
      LOOP
        fresh := salt IS NULL;
        IF fresh THEN
          -- A plan shows no verifier.
          EXIT WHEN NOT applying;
          salt := encode(substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) for 16), 'base64');
          rounds := least(coalesce(current_setting('scram_iterations', true), '4096')::integer, most_rounds);
        END IF;
        -- PBKDF2. A round costs two hashes; the conversion to bits, which alone have XOR, costs as much again, less for eight at once.
        u := sha256(outer_pad || sha256(inner_pad || decode(salt, 'base64') || '\x00000001'::bytea));
        salted := ('x' || encode(u, 'hex'))::bit(256);
        eight := 0::bit(2048);
        FOR i IN 1 .. (rounds - 1) / 8 LOOP
          u1 := sha256(outer_pad || sha256(inner_pad || u));
          u2 := sha256(outer_pad || sha256(inner_pad || u1));
          u3 := sha256(outer_pad || sha256(inner_pad || u2));
          u4 := sha256(outer_pad || sha256(inner_pad || u3));
          u5 := sha256(outer_pad || sha256(inner_pad || u4));
          u6 := sha256(outer_pad || sha256(inner_pad || u5));
          u7 := sha256(outer_pad || sha256(inner_pad || u6));
          u := sha256(outer_pad || sha256(inner_pad || u7));
          eight := eight # ('x' || encode(u1 || u2 || u3 || u4 || u5 || u6 || u7 || u, 'hex'))::bit(2048);
        END LOOP;
        FOR i IN 1 .. (rounds - 1) % 8 LOOP
          u := sha256(outer_pad || sha256(inner_pad || u));
          salted := salted # ('x' || encode(u, 'hex'))::bit(256);
        END LOOP;
        FOR i IN 0 .. 7 LOOP
          salted := salted # substring(eight from i * 256 + 1 for 256)::bit(256);
        END LOOP;
        client_key := sha256(substring(bit_send(salted::bit(512) # outer_mask) from 5)
          || sha256(substring(bit_send(salted::bit(512) # inner_mask) from 5) || 'Client Key'::bytea));
        server_key := sha256(substring(bit_send(salted::bit(512) # outer_mask) from 5)
          || sha256(substring(bit_send(salted::bit(512) # inner_mask) from 5) || 'Server Key'::bytea));
        verifier := format('SCRAM-SHA-256$%s:%s$%s:%s', rounds, salt,
          encode(sha256(client_key), 'base64'), encode(server_key, 'base64'));
        EXIT WHEN fresh OR verifier = stored;
        salt := NULL;
      END LOOP;
    END IF;
    IF verifier IS NULL OR verifier IS DISTINCT FROM stored THEN
      verifiers := verifiers || jsonb_build_object(role_name, verifier);
      steps := steps || jsonb_build_object('kind', 'change', 'object', format('role %I', role_name),
        'sql', format('ALTER ROLE %I PASSWORD %L', role_name, '<SCRAM verifier>'),
        'password', role_name,
        'why', CASE
          WHEN stored IS NULL THEN 'it has no password'
          WHEN stored_parts IS NULL THEN 'its password is not stored as a SCRAM-SHA-256 verifier'
          ELSE 'its password is another one'
        END);
    END IF;
  END LOOP;
END passwords;
