
\set database @database@
\set template @template@
\set glance :contents_glance@versions@
\set hypothetical ''
\set reachable on
\if :all_reachable
\set target @target@
\else
:route \gset
\endif
\if :reachable
\connect -reuse-previous=on :target
\endif
