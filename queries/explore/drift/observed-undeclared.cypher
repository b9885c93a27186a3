// title: Seen and not declared
// question: What was seen to happen between agents, tools and data that no configuration declares and nobody granted?
// when: To find shadow agents and servers, and configurations that were not handed in.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   edge: Kind of edge
//   from_kind: Kind of its start
//   start: Id of its start
//   to_kind: Kind of its end
//   stop: Id of its end
//   count: How often it was seen
//   first_seen: When a source first stated it
//   sources: Where it was seen
MATCH (x:Agent|Workflow|Identity|Tool|ToolServer)-[r:USES|CONNECTS_TO|DELEGATES_TO|CALLS_BACK|CAN_ACCESS]->(y)
WHERE r.gone_at IS NULL AND r.evidence = ['observed']
  AND NOT EXISTS {
    MATCH (x)-[:MEMBER_OF*0..3]->()-[g:CAN_ACCESS]->(y)
    WHERE type(r) = 'CAN_ACCESS' AND g.gone_at IS NULL AND g.evidence <> ['observed']
      AND ('admin' IN g.actions OR all(action IN r.actions WHERE action IN g.actions)) }
RETURN type(r) AS edge, labels(x)[0] AS from_kind, x.id AS start, labels(y)[0] AS to_kind, y.id AS stop, r.count AS count,
       r.first_seen AS first_seen, coalesce(r.sources, []) AS sources
ORDER BY coalesce(count, 0) DESC, edge, from_kind, start, to_kind, stop, sources
LIMIT $limit
