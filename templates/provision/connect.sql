
\set database @database@
\set template @template@
\set glance :contents_glance@versions@
\set hypothetical ''
\set reachable on
\set name @ready@
\if :all_reachable
\set target @target@
\else
:route \gset
\endif
\if :reachable
-- psql ends when a connection fails: who runs it knows by this where it ended.
\if :json
\echo @connecting@
\endif
\if :{?connecting_file}
\o :connecting_file
\qecho @ready@
\qecho -n :creation_text
\qecho -n :executed_text
\o
\endif
\connect -reuse-previous=on :target
\endif
