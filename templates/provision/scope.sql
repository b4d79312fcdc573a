-- One part of the server, in one transaction; it is not done until that is committed.

\set scope @scope@
\set database @database@
\set document @digest@
\set memory dbgen.converged_@scope@
\set unpinned @unpinned@
\set fingerprint :@fingerprint@
\set series 'scope="' :scope '",database="' @label@ '"'
\set unfinished on
\set committed off
\if :reachable
@first@:@gate@ \gset
\if :ERROR
\elif :settled
\set unfinished off
\set committed on
\set has_lines :json
\if :json
SELECT set_config('dbgen.steps', '[]', false) \; :report \gset
\endif
\set statements_line 'dbgen_statements{' :series '} 0\n'
\set drift_lines 'dbgen_drift{' :series ',kind="change"} 0\ndbgen_drift{' :series ',kind="found"} 0\n'
\set drift_lines :drift_lines 'dbgen_drift{' :series ',kind="blocked"} 0\ndbgen_drift{' :series ',kind="pending"} 0\n'
\set drift_lines :drift_lines 'dbgen_drift{' :series ',kind="failed"} 0\n'
\else
BEGIN ISOLATION LEVEL READ COMMITTED :access_mode \;
:work \;
SELECT set_config('dbgen.desired', @desired@, false),
  set_config('dbgen.hypothetical', :'hypothetical', false), set_config('dbgen.fingerprint', :'fingerprint', false),
  -- What the scope is called where nothing smaller is at fault.
  set_config('dbgen.object', coalesce('database ' || quote_ident(nullif(:'database', '')), :'scope'), false),
  set_config('dbgen.memory', :'memory', false), set_config('dbgen.document', :'document', false), set_config('dbgen.seen', :'seen', false)
\gset dbgen_
:@program@
\if :ERROR
ROLLBACK;
\else
:report \gset
COMMIT;
\if :ERROR
\set unfinished on
\else
\set committed on
\set executed_text :executed_text :executed_lines
\endif
\endif
\endif
\endif
\if :committed
\if :has_lines
\echo :lines
\endif
\if :{?metrics}
\set statements_text :statements_text :statements_line
\set drift_text :drift_text :drift_lines
\endif
\endif
\if :unfinished
\set some_unfinished on
\set unfinished_in :unfinished_in :separator @part@
\set separator ', '
\endif
