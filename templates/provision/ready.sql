\if :unfinished
\else
\set ready on
\if :doubtful
-- What stands in the way of other databases and roles only is no obstacle.
SELECT NOT EXISTS (
  SELECT FROM string_to_table(:'all_obstacles', E'\n') AS object
  WHERE object <> '' AND (object !~ '^(database|role) ' OR object IN (@needs@))) AS ready \gset
\endif
\if :ready
\set finished :finished @ready@ '\n'
\endif
\endif
