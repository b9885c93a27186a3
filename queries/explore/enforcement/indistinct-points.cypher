// title: Controls that cannot tell agents apart
// question: At which enforcement points do several agents arrive as one?
// when: A rule there for one agent is a rule for all of them; stopping one stops all.
// parameters:
//   limit: {type: integer, default: 200, meaning: How many rows at most}
// columns:
//   point: Its id
//   distinguishes: "What it can tell apart: identity, none or unknown"
//   arrives_as: "Identity or server they all arrive as, as Kind:id"
//   agents: The agents
//   sources: Where the point was stated
MATCH (x:Identity|Tool|ToolServer)-[r:CAN_ACCESS|PROVIDES|ASSUMES]->()
WHERE r.guards IS NOT NULL AND r.gone_at IS NULL AND x.gone_at IS NULL
UNWIND r.guards AS guard
WITH DISTINCT x, guard
MATCH (p:EnforcementPoint {id: guard})
WHERE p.gone_at IS NULL AND coalesce(p.distinguishes, 'unknown') <> 'agent'
MATCH (a:Agent)-[u:RUNS_AS|USES|CONNECTS_TO]->(x)
WHERE a.gone_at IS NULL AND u.gone_at IS NULL
WITH p, x, a ORDER BY a.id
WITH p, x, collect(DISTINCT a.id) AS agents
WHERE size(agents) > 1
RETURN p.id AS point, coalesce(p.distinguishes, 'unknown') AS distinguishes, labels(x)[0] + ':' + x.id AS arrives_as, agents,
       coalesce(p.sources, []) AS sources
ORDER BY size(agents) DESC, point, arrives_as
LIMIT $limit
