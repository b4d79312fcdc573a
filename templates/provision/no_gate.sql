-- For what no fingerprint can tell of: it is looked at each time.
SELECT '' AS seen, '' AS memory, false AS settled
