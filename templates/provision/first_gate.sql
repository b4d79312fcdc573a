-- Nothing is remembered, so that there is nothing to compare with; a look that finds nothing looks again.
SELECT '' AS seen, false AS settled
