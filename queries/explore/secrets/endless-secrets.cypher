// title: Credentials that renew without end
// question: Which credentials can be renewed with no limit to their life, and can anybody revoke them?
// when: They look ephemeral and are standing access.
// columns:
//   secret: Its id
//   type: What it is
//   ttl_seconds: "Life of one issue, in seconds"
//   revocable: Whether a call that revokes it is known
//   holders: What holds it
//   sources: Where it was stated
MATCH (s:Secret)
WHERE s.gone_at IS NULL AND s.renewable = true AND s.max_life_seconds IS NULL
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
WITH s, labels(h)[0] + ':' + h.id AS holder ORDER BY holder
WITH s, collect(DISTINCT holder) AS holders
RETURN s.id AS secret, coalesce(s.type, 'unknown') AS type, s.ttl_seconds AS ttl_seconds,
       CASE WHEN s.revocation_hook IS NULL THEN 'unknown' WHEN s.revocation_hook THEN 'true' ELSE 'false' END AS revocable,
       holders, coalesce(s.sources, []) AS sources
ORDER BY revocable, secret
