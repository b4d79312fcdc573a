
\if :{?metrics}
\o :metrics
\qecho -n :creation_text
\qecho -n :statements_text
\qecho -n :drift_text
\o
\endif
\if :{?ready_file}
\o :ready_file
\qecho -n :finished
\o
\endif
\set ON_ERROR_STOP on
\if :{?some_unfinished}
\warn 'dbgen: not everything is as declared:' :unfinished_in
DO $$ BEGIN RAISE EXCEPTION 'see above'; END $$;
\endif
