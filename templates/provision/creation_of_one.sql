\if :create_some
:create \gexec
:created \gset
\if :is_created
:report \gset
\echo :lines
\endif
\endif
