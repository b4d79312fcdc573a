SELECT hashtextextended(rolname::text, oid::int8) FROM pg_authid
