        -- How a grant that isn't the owner's can be taken back: by who made it; by nobody, as long as whatever that role does is done in
        -- another's name; and where it has lost the option since, or the right, by whoever gives that to it for a moment.
        SELECT CASE
          WHEN (SELECT rolsuper FROM pg_roles WHERE oid = judged.grantor) OR pg_has_role(judged.grantor, judged.owner, 'USAGE') THEN 'none'
          WHEN bool_or(held.role = judged.grantor AND held.is_grantable) THEN 'itself'
          WHEN bool_or(held.is_grantable AND pg_has_role(judged.grantor, held.role, 'USAGE')) THEN 'none'
          WHEN bool_or(held.role = judged.grantor) THEN 'option'
          ELSE 'right'
        END
