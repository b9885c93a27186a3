// title: Secrets nobody uses
// question: Which secrets have not been used since a time and still open something?
// when: To revoke what nobody will miss.
// parameters:
//   since: {type: time, meaning: "Not used since, such as 2026-01-01"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   secret: Its id
//   type: What it is
//   last_used: When it was last used
//   opens: Identities it lets one be
//   holders: How many hold it
//   sources: Where it was stated
MATCH (s:Secret)
WHERE s.gone_at IS NULL AND s.last_used < $since
WITH s ORDER BY s.last_used, s.id LIMIT $limit
OPTIONAL MATCH (s)-[u:AUTHENTICATES_AS]->(i:Identity)
WHERE u.gone_at IS NULL AND i.gone_at IS NULL
WITH s, i ORDER BY i.id
WITH s, collect(DISTINCT i.id) AS opens
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
WITH s, opens, count(DISTINCT h) AS holders
RETURN s.id AS secret, coalesce(s.type, 'unknown') AS type, s.last_used AS last_used, opens, holders, coalesce(s.sources, []) AS sources
ORDER BY last_used, secret
