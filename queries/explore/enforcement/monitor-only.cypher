// title: Edges whose guards only look on
// question: Where does a control stand whose decision does not bind, as the only one?
// when: It looks protected on a diagram and is not.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   edge: Kind of the edge
//   from_kind: Kind of its start
//   start: Id of its start
//   to_kind: Kind of its end
//   stop: Id of its end
//   guards: The points on it
//   modes: "What they do: monitor, off or unknown"
//   sources: Where the edge was stated
OPTIONAL MATCH (e:EnforcementPoint {mode: 'enforce'})
WITH collect(e.id) AS enforcing
MATCH (x:Agent|Workflow|Identity|Secret|Tool|ToolServer|Runtime)-[r]->(y)
WHERE r.guards IS NOT NULL AND r.gone_at IS NULL AND x.gone_at IS NULL AND y.gone_at IS NULL
  AND size(r.guards) > 0 AND none(guard IN r.guards WHERE guard IN enforcing)
WITH x, r, y ORDER BY type(r), labels(x)[0], x.id, labels(y)[0], y.id, coalesce(r.sources, []) LIMIT $limit
UNWIND r.guards AS guard
OPTIONAL MATCH (p:EnforcementPoint {id: guard})
WITH x, r, y, guard, coalesce(p.mode, 'unknown') AS mode ORDER BY guard
WITH x, r, y, collect(guard) AS guards, collect(mode) AS modes
RETURN type(r) AS edge, labels(x)[0] AS from_kind, x.id AS start, labels(y)[0] AS to_kind, y.id AS stop, guards, modes,
       coalesce(r.sources, []) AS sources
ORDER BY edge, from_kind, start, to_kind, stop, sources
