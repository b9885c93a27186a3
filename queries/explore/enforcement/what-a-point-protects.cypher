// title: What an enforcement point protects
// question: On which edges does this control stand?
// when: Before it is switched off or changed; when it was found open.
// parameters:
//   point: {type: text, of: [EnforcementPoint], meaning: Id or name of the enforcement point}
//   limit: {type: integer, default: 1000, meaning: How many rows at most}
// columns:
//   edge: Kind of the edge
//   from_kind: Kind of its start
//   start: Id of its start
//   to_kind: Kind of its end
//   stop: Id of its end
//   others: Other points on the same edge
//   sources: Where the edge was stated
MATCH (p:EnforcementPoint)
WHERE p.id = $point OR p.name = $point
MATCH (x:Agent|Workflow|Identity|Secret|Tool|ToolServer|Runtime)-[r]->(y)
WHERE r.guards IS NOT NULL AND p.id IN r.guards AND r.gone_at IS NULL
RETURN type(r) AS edge, labels(x)[0] AS from_kind, x.id AS start, labels(y)[0] AS to_kind, y.id AS stop,
       [one IN r.guards WHERE one <> p.id] AS others, coalesce(r.sources, []) AS sources
ORDER BY edge, from_kind, start, to_kind, stop, sources
LIMIT $limit
