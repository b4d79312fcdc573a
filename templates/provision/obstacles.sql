\if :unfinished
\set doubtful on
\if :committed
\set all_obstacles :all_obstacles :obstacles
\else
\set all_obstacles :all_obstacles :scope '\n'
\endif
\endif
