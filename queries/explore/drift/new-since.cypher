// title: What is new
// question: Which agents, servers, tools, identities and secrets were first stated since a time, and who owns them?
// when: Each week; a new agent without an owner is best talked about while it is new.
// parameters:
//   since: {type: time, meaning: "First stated since, such as 2026-07-01"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   kind: Kind of node
//   id: Its id
//   first_seen: When a source first stated it
//   owners: Its owners
//   sources: Where it was stated
MATCH (n:Agent|Identity|Runtime|Secret|Tool|ToolServer|Workflow|EnforcementPoint)
WHERE n.gone_at IS NULL AND n.first_seen >= $since
WITH n ORDER BY n.first_seen DESC, labels(n)[0], n.id LIMIT $limit
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(n)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH n, o ORDER BY o.id
WITH n, collect(DISTINCT o.id) AS owners
RETURN labels(n)[0] AS kind, n.id AS id, n.first_seen AS first_seen, owners, coalesce(n.sources, []) AS sources
ORDER BY first_seen DESC, kind, id
