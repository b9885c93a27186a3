// title: Secrets that are spread
// question: Which secrets are held by several, in how many places, and for how many owners and environments?
// when: One leak anywhere opens it everywhere, and nobody can tell who used it.
// parameters:
//   holders: {type: integer, default: 2, meaning: How many holders at least}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   secret: Its id
//   type: What it is
//   holders: What holds it
//   number: How many they are
//   places: Where it lies
//   environments: Where its holders are used
//   owners: Owners of its holders
//   sources: Where the secret was stated
CALL {
  MATCH (h)-[r:HOLDS]->(s:Secret)
  WHERE h.gone_at IS NULL AND r.gone_at IS NULL AND s.gone_at IS NULL
  RETURN s.id AS secret, count(DISTINCT labels(h)[0] + ':' + h.id) AS number
  ORDER BY number DESC, secret
  LIMIT $limit
}
WITH secret, number WHERE number >= $holders
MATCH (s:Secret {id: secret})<-[r:HOLDS]-(h)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
OPTIONAL MATCH (h)<-[w:OWNS]-(o:Owner)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH s, number, labels(h)[0] + ':' + h.id AS holder, coalesce(r.place, 'unknown') AS place, h.environment AS environment, o.id AS owner
ORDER BY holder, place, environment, owner
WITH s, number, collect(DISTINCT holder) AS holders, collect(DISTINCT place) AS places, collect(DISTINCT environment) AS environments,
     collect(DISTINCT owner) AS owners
RETURN s.id AS secret, coalesce(s.type, 'unknown') AS type, holders, number, places, environments, owners, coalesce(s.sources, []) AS sources
ORDER BY number DESC, secret
