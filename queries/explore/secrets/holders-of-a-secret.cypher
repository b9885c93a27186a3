// title: Who holds a secret
// question: Which agents, servers and other things hold this secret, and where does it lie?
// when: Before a secret is rotated, to know what stops working; after it leaked, to know where from.
// parameters:
//   secret: {type: text, of: [Secret], meaning: Id or name of the secret}
// columns:
//   secret: Its id
//   holder_kind: Kind of the holder
//   holder: Id of the holder
//   place: Where it lies
//   agents: Agents that use the holder
//   sources: Where that was stated
MATCH (s:Secret)
WHERE (s.id = $secret OR s.name = $secret) AND s.gone_at IS NULL
MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO|USES]->(h)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH s, h, r, a ORDER BY a.id
RETURN s.id AS secret, labels(h)[0] AS holder_kind, h.id AS holder, coalesce(r.place, 'unknown') AS place,
       collect(DISTINCT a.id) AS agents, coalesce(r.sources, []) AS sources
ORDER BY secret, holder_kind, holder, place, sources
