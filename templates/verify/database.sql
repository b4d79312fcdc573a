-- What a verification asks inside of one database: its extensions.
SET default_transaction_read_only = on;
SET statement_timeout = '1min';
SELECT json_object_agg(want.name, json_build_object(
    'installed', have.extversion,
    'schema', (SELECT nspname FROM pg_namespace AS home WHERE home.oid = have.extnamespace),
    'offered', offer.default_version))
FROM jsonb_array_elements_text(@want@::jsonb) AS want(name)
LEFT JOIN pg_extension AS have ON have.extname = want.name
LEFT JOIN pg_available_extensions AS offer ON offer.name = want.name;
