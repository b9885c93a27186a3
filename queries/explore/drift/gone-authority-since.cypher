// title: Authority that is gone
// question: Which edges that moved authority are no longer found since a time?
// when: To check that a right was really taken away; when an agent stopped working.
// parameters:
//   since: {type: time, meaning: "Gone since, such as 2026-07-01"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   gone_at: When a scan no longer found it
//   edge: Kind of edge
//   from_kind: Kind of its start
//   start: Id of its start
//   to_kind: Kind of its end
//   stop: Id of its end
//   remains: Whether another edge of that kind between the two is still there
//   sources: Where it was stated
MATCH (x:Agent|Workflow|Identity|Secret|Tool|ToolServer|Runtime|Memory)-[r]->(y)
WHERE r.gone_at >= $since
  AND type(r) IN ['RUNS_AS', 'RUNS_ON', 'HOLDS', 'AUTHENTICATES_AS', 'ASSUMES', 'MEMBER_OF', 'CAN_ACCESS', 'USES', 'CONNECTS_TO', 'PROVIDES',
                  'DELEGATES_TO', 'CALLS_BACK']
WITH x, r, y ORDER BY r.gone_at DESC, type(r), x.id, y.id LIMIT $limit
OPTIONAL MATCH (x)-[s]->(y)
WHERE type(s) = type(r) AND s.gone_at IS NULL
WITH x, r, y, count(s) AS others
RETURN r.gone_at AS gone_at, type(r) AS edge, labels(x)[0] AS from_kind, x.id AS start, labels(y)[0] AS to_kind, y.id AS stop,
       others > 0 AS remains, coalesce(r.sources, []) AS sources
ORDER BY gone_at DESC, edge, from_kind, start, to_kind, stop, sources
