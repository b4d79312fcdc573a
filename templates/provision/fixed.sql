-- What of a database was fixed when it was created and is other than declared (`want`): `have` is its row of pg_database, `its` what not
-- every server says there.
SELECT given.nr, given.attribute, given.wanted, given.found
FROM (VALUES
    (1, 'ENCODING', want.encoding, pg_encoding_to_char(have.encoding)::text),
    (2, 'LOCALE_PROVIDER', want.provider, its.provider),
    (3, 'LC_COLLATE', want.lc_collate, have.datcollate::text),
    (4, 'LC_CTYPE', want.lc_ctype, have.datctype::text),
    (5, 'BUILTIN_LOCALE', want.builtin_locale, its.locale),
    (6, 'ICU_LOCALE', want.icu_locale, its.locale),
    (7, 'ICU_RULES', want.icu_rules, its.rules)
  ) AS given(nr, attribute, wanted, found)
WHERE given.wanted IS NOT NULL AND given.wanted IS DISTINCT FROM given.found
  AND CASE given.attribute
    WHEN 'ENCODING' THEN pg_char_to_encoding(given.wanted) <> have.encoding
    WHEN 'LOCALE_PROVIDER' THEN lower(given.wanted COLLATE "C") <> given.found
    WHEN 'BUILTIN_LOCALE' THEN given.found IS NULL OR replace(given.wanted, 'C.UTF8', 'C.UTF-8') <> replace(given.found, 'C.UTF8', 'C.UTF-8')
    WHEN 'ICU_RULES' THEN true
    WHEN 'ICU_LOCALE' THEN given.found IS NULL OR (
      -- As ICU makes language tags of older names, which PostgreSQL 15 stores as they were written.
      SELECT count(DISTINCT tag.canonical)
      FROM (VALUES (given.wanted), (given.found)) AS raw(locale)
      CROSS JOIN LATERAL (
        SELECT replace(regexp_replace(regexp_replace(lower(raw.locale COLLATE "C"), '[.][^@]*', ''), '^(c|posix|en[-_]us[-_]posix)$',
          'en-us-u-va-posix'), '_', '-')
      ) AS plain(locale)
      CROSS JOIN LATERAL (
        SELECT regexp_match(plain.locale, '^([a-z]*)((?:(?!-u-)[^@])*)')
      ) AS name(part)
      CROSS JOIN LATERAL (
        SELECT format('%s%s/%s',
          -- The codes of languages have one of two letters where there is one, and a few had another one once; so had states.
          coalesce(substring(
            'aar=aa abk=ab adp=dz afr=af aka=ak amh=am ara=ar arg=an asm=as ava=av ave=ae aym=ay aze=az bak=ba bam=bm bel=be ben=bn
             bis=bi bod=bo bos=bs bre=br bul=bg cat=ca ces=cs cha=ch che=ce chu=cu chv=cv cor=kw cos=co cre=cr cym=cy dan=da deu=de
             div=dv dzo=dz ell=el eng=en epo=eo est=et eus=eu ewe=ee fao=fo fas=fa fij=fj fin=fi fra=fr fry=fy ful=ff gla=gd gle=ga
             glg=gl glv=gv grn=gn guj=gu hat=ht hau=ha heb=he her=hz hin=hi hmo=ho hrv=hr hun=hu hye=hy ibo=ig ido=io iii=ii iku=iu
             ile=ie in=id ina=ia ind=id ipk=ik isl=is ita=it iw=he jav=jv jaw=jv ji=yi jpn=ja jw=jv kal=kl kan=kn kas=ks kat=ka
             kau=kr kaz=kk khm=km kik=ki kin=rw kir=ky kom=kv kon=kg kor=ko kua=kj kur=ku lao=lo lat=la lav=lv lim=li lin=ln lit=lt
             ltz=lb lub=lu lug=lg mah=mh mal=ml mar=mr mkd=mk mlg=mg mlt=mt mo=ro mol=ro mon=mn mri=mi msa=ms mya=my nau=na nav=nv
             nbl=nr nde=nd ndo=ng nep=ne nld=nl nno=nn nob=nb nor=no nya=ny oci=oc oji=oj ori=or orm=om oss=os pan=pa pli=pi pol=pl
             por=pt pus=ps que=qu roh=rm ron=ro run=rn rus=ru sag=sg san=sa sin=si slk=sk slv=sl sme=se smo=sm sna=sn snd=sd som=so
             sot=st spa=es sqi=sq srd=sc srp=sr ssw=ss sun=su swa=sw swe=sv tah=ty tam=ta tat=tt tel=te tgk=tg tgl=tl tha=th tir=ti
             ton=to tsn=tn tso=ts tuk=tk tur=tr twi=tw uig=ug ukr=uk urd=ur uzb=uz ven=ve vie=vi vol=vo wln=wa wol=wo xho=xh yid=yi
             yor=yo zha=za zho=zh zul=zu'
            FROM '\m' || nullif(name.part[1], '') || '=(..)'), nullif(nullif(name.part[1], ''), 'root'), 'und'),
          (SELECT coalesce(string_agg('-' || coalesce(substring('bu=mm dd=de fx=fr tp=tl yd=ye zr=cd' FROM '\m' || state.code[1] || '=(..)'), subtag.text),
              '' ORDER BY subtag.nr), '')
            FROM regexp_split_to_table(ltrim(name.part[2], '-'), '-') WITH ORDINALITY AS subtag(text, nr)
            LEFT JOIN LATERAL regexp_match(subtag.text, '^[a-z]{2}$') AS state(code) ON true
            WHERE subtag.text <> ''),
          (SELECT string_agg(format('%s=%s', extension.key, CASE extension.value
              WHEN 'true' THEN '' WHEN 'yes' THEN '' WHEN 'no' THEN 'false' WHEN 'phonebook' THEN 'phonebk'
              WHEN 'traditional' THEN 'trad' WHEN 'dictionary' THEN 'dict' WHEN 'gb2312han' THEN 'gb2312'
              WHEN 'primary' THEN 'level1' WHEN 'secondary' THEN 'level2' WHEN 'tertiary' THEN 'level3'
              WHEN 'quaternary' THEN 'level4' WHEN 'identical' THEN 'identic' WHEN 'non-ignorable' THEN 'noignore'
              ELSE extension.value END), ',' ORDER BY extension.key)
            FROM (
              SELECT pair[1], ltrim(pair[2], '-')
              FROM regexp_matches((regexp_match(plain.locale, '-u-(.*)'))[1], '(\m[a-z0-9][a-z]\M)((?:-[a-z0-9]{3,8})*)', 'g') AS pair
              UNION ALL
              SELECT CASE pair[1] WHEN 'collation' THEN 'co' WHEN 'colstrength' THEN 'ks' WHEN 'colalternate' THEN 'ka'
                  WHEN 'colbackwards' THEN 'kb' WHEN 'colcaselevel' THEN 'kc' WHEN 'colcasefirst' THEN 'kf'
                  WHEN 'colnormalization' THEN 'kk' WHEN 'colnumeric' THEN 'kn' WHEN 'colreorder' THEN 'kr'
                  ELSE pair[1] END, pair[2]
              FROM regexp_matches((regexp_match(plain.locale, '@(.*)'))[1], '([^=;]+)=([^;]*)', 'g') AS pair
            ) AS extension(key, value)))
      ) AS tag(canonical)) > 1
    -- The spelling of the encoding in a name does not count, and C has two names.
    ELSE (
      SELECT count(DISTINCT spelt.canonical)
      FROM (VALUES (given.wanted), (given.found)) AS raw(locale)
      CROSS JOIN LATERAL regexp_matches(raw.locale, '^([^.@]*)(?:[.]([^@]*))?(?:@(.*))?$') AS part
      CROSS JOIN LATERAL (
        SELECT CASE WHEN raw.locale IN ('C', 'POSIX') THEN 'C'
          ELSE format('%s.%s@%s', part[1], lower(regexp_replace(part[2], '[^[:alnum:]]', '', 'g') COLLATE "C"), part[3]) END
      ) AS spelt(canonical)) > 1
  END
