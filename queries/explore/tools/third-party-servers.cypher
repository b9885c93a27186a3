// title: Servers of others
// question: Which tool servers come from outside, what do they hold and run as, and who uses them?
// when: To review suppliers; whoever makes the server has what it holds.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   server: Its id
//   origin: third_party or registry
//   package: What it is started from
//   url: Where it is
//   secrets: Secrets it holds
//   identities: What it runs as
//   agents: How many agents connect to it
//   sources: Where it was stated
MATCH (v:ToolServer)
WHERE v.gone_at IS NULL AND v.origin IN ['third_party', 'registry']
WITH v ORDER BY v.id LIMIT $limit
OPTIONAL MATCH (v)-[h:HOLDS]->(s:Secret)
WHERE h.gone_at IS NULL AND s.gone_at IS NULL
WITH v, s ORDER BY s.id
WITH v, collect(DISTINCT s.id) AS secrets
OPTIONAL MATCH (v)-[r:RUNS_AS]->(i:Identity)
WHERE r.gone_at IS NULL AND i.gone_at IS NULL
WITH v, secrets, i ORDER BY i.id
WITH v, secrets, collect(DISTINCT i.id) AS identities
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH v, secrets, identities, count(DISTINCT a.id) AS agents
RETURN v.id AS server, v.origin AS origin, v.package AS package, v.url AS url, secrets, identities, agents, coalesce(v.sources, []) AS sources
ORDER BY agents DESC, server
