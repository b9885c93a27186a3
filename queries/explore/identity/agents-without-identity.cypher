// title: Agents without an identity of their own
// question: Which agents run as nobody, and by which secrets do they act instead?
// when: To plan identities of their own; such agents cannot be told apart, or stopped alone.
// columns:
//   agent: Its id
//   secrets: Secrets they hold
//   static: How many of those never expire
//   owners: Their owners
//   sources: Where the agent was stated
MATCH (a:Agent)
WHERE a.gone_at IS NULL AND NOT coalesce(a.status, 'unknown') IN ['retired', 'suspended']
  AND NOT EXISTS { MATCH (a)-[r:RUNS_AS]->(:Identity) WHERE r.gone_at IS NULL }
OPTIONAL MATCH (a)-[h:HOLDS]->(s:Secret)
WHERE h.gone_at IS NULL AND s.gone_at IS NULL
WITH a, s ORDER BY s.id
WITH a, collect(DISTINCT s.id) AS secrets, count(DISTINCT CASE WHEN s.lifetime = 'static' THEN s.id END) AS static
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH a, secrets, static, o ORDER BY o.id
WITH a, secrets, static, collect(DISTINCT o.id) AS owners
RETURN a.id AS agent, secrets, static, owners, coalesce(a.sources, []) AS sources
ORDER BY static DESC, agent
