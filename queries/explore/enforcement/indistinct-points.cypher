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
MATCH (p:EnforcementPoint)
WHERE p.gone_at IS NULL AND coalesce(p.distinguishes, 'unknown') <> 'agent'
WITH collect(p.id) AS points
CALL {
  MATCH (x:Identity|Tool|ToolServer)-[r:CAN_ACCESS|PROVIDES|ASSUMES]->()
  WHERE r.guards IS NOT NULL AND r.gone_at IS NULL AND x.gone_at IS NULL
  RETURN labels(x)[0] AS kind, x.id AS id, r.guards AS guards, count(*) AS edges
}
UNWIND [guard IN guards WHERE guard IN points] AS guard
WITH DISTINCT kind, id, guard
MATCH (x:Identity|Tool|ToolServer {id: id})<-[u:RUNS_AS|USES|CONNECTS_TO]-(a:Agent)
WHERE labels(x)[0] = kind AND a.gone_at IS NULL AND u.gone_at IS NULL
WITH guard, kind, id, a.id AS agent ORDER BY agent
WITH guard, kind, id, collect(DISTINCT agent) AS agents
WHERE size(agents) > 1
MATCH (p:EnforcementPoint {id: guard})
RETURN p.id AS point, coalesce(p.distinguishes, 'unknown') AS distinguishes, kind + ':' + id AS arrives_as, agents,
       coalesce(p.sources, []) AS sources
ORDER BY size(agents) DESC, point, arrives_as
LIMIT $limit
