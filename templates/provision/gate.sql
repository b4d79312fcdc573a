SELECT EXISTS (
  SELECT FROM pg_db_role_setting
  WHERE setrole = 10 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND 'dbgen.converged=' || @fingerprint@ = ANY (setconfig)
) AS settled
