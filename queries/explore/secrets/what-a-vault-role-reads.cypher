// title: Secrets that can be fetched
// question: Which identities may read which secrets, and what do those open?
// when: To see what is behind a vault; a right to read a secret is a right to what it opens.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   identity: Id of who may read
//   secret: Id of the secret
//   actions: What it may do with it
//   opens: Identities that the secret lets one be
//   inherited_from: The policy or role it comes from
//   sources: Where the grant was stated
MATCH (i:Identity)-[c:CAN_ACCESS]->(s:Secret)
WHERE i.gone_at IS NULL AND c.gone_at IS NULL AND s.gone_at IS NULL AND ('read' IN c.actions OR 'admin' IN c.actions)
OPTIONAL MATCH (s)-[u:AUTHENTICATES_AS]->(j:Identity)
WHERE u.gone_at IS NULL AND j.gone_at IS NULL
WITH i, c, s, j ORDER BY j.id
WITH i, c, s, collect(DISTINCT j.id) AS opens
RETURN i.id AS identity, s.id AS secret, c.actions AS actions, opens, c.inherited_from AS inherited_from, coalesce(c.sources, []) AS sources
ORDER BY identity, secret, coalesce(inherited_from, ''), sources
LIMIT $limit
