DO $dbgen$
DECLARE
  desired jsonb := current_setting('dbgen.desired')::jsonb;
  version integer := current_setting('server_version_num');
  applying boolean := false;
  exact boolean := desired ->> 'converge' = 'authoritative';
  steps jsonb := '[]';
  verifiers jsonb := '{}';
BEGIN
-- @difference
END;
$dbgen$
