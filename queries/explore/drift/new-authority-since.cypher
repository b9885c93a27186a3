// title: Authority that is new
// question: Which edges that move authority were first stated since a time?
// when: An agent reaches more than last week; this is why.
// parameters:
//   since: {type: time, meaning: "First stated since, such as 2026-07-01"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   first_seen: When a source first stated it
//   edge: Kind of edge
//   from_kind: Kind of its start
//   start: Id of its start
//   to_kind: Kind of its end
//   stop: Id of its end
//   evidence: How it is known
//   guards: Enforcement points on it
//   sources: Where it was stated
MATCH (x:Agent|Workflow|Identity|Secret|Tool|ToolServer|Runtime|Memory)
      -[r:RUNS_AS|RUNS_ON|HOLDS|AUTHENTICATES_AS|ASSUMES|MEMBER_OF|CAN_ACCESS|USES|CONNECTS_TO|PROVIDES|DELEGATES_TO|CALLS_BACK]->(y)
WHERE r.first_seen >= $since AND r.gone_at IS NULL
RETURN r.first_seen AS first_seen, type(r) AS edge, labels(x)[0] AS from_kind, x.id AS start, labels(y)[0] AS to_kind, y.id AS stop,
       coalesce(r.evidence, []) AS evidence, coalesce(r.guards, []) AS guards, coalesce(r.sources, []) AS sources
ORDER BY first_seen DESC, edge, from_kind, start, to_kind, stop, sources
LIMIT $limit
