-- As gate.sql, where what is remembered came with the connection, because who is connected is who it is remembered for; that
-- it did not come from the database's owner was seen in around.sql.
SELECT seen, coalesce(current_setting(:'memory', true) = concat_ws(' ', :'document', seen), false) AS settled
FROM (:glance) AS catalogs(seen)
