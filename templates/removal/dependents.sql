-- What in this database needs the roles that shall be removed: one line of JSON for each of them, with some of its objects.
SELECT jsonb_build_object('role', owned.role, 'why', format('in database %I it %s%s', current_database(),
  string_agg(owned.told, ', ' ORDER BY owned.nr) FILTER (WHERE owned.nr <= 5),
  CASE WHEN count(*) > 5 THEN format(' and %s more', count(*) - 5) END))
FROM (
  SELECT pg_get_userbyid(dependency.refobjid) AS role,
    concat(CASE
      WHEN dependency.deptype = 'o' THEN 'owns '
      WHEN dependency.deptype IN ('a', 'i') AND dependency.classid <> 'pg_default_acl'::regclass THEN 'has privileges on '
      ELSE 'is named by ' END,
      pg_describe_object(dependency.classid, dependency.objid, dependency.objsubid)) AS told,
    row_number() OVER (
      PARTITION BY dependency.refobjid
      ORDER BY array_position('{o,a}', dependency.deptype::text), dependency.classid, dependency.objid, dependency.objsubid) AS nr
  FROM pg_shdepend AS dependency
  JOIN pg_database AS here ON here.oid = dependency.dbid
  JOIN pg_roles AS named ON named.oid = dependency.refobjid
  WHERE here.datname = current_database() AND dependency.refclassid = 'pg_authid'::regclass
    AND named.rolname IN (SELECT jsonb_array_elements_text(:'roles'))
) AS owned
GROUP BY owned.role
ORDER BY owned.role;
