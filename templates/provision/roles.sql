-- @scram
NULL;
