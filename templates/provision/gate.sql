-- Whether the catalogs are what they were when nothing was left to do and nothing to report; this is remembered where only
-- a superuser can write.
SELECT seen, EXISTS (
  SELECT FROM pg_db_role_setting
  WHERE setrole = '10' AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND concat(:'memory', '=', :'document', ' ', seen) = ANY (setconfig)) AS settled
FROM (:fingerprint) AS catalogs(seen)
