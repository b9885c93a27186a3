// title: Guesses that carry authority
// question: Which edges that move authority do we only infer, and how sure are they?
// when: A path rests on one of them; before it is shown to its owner.
// parameters:
//   confidence: {type: number, default: 1.0, meaning: Only those at most so sure}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   edge: Kind of edge
//   from_kind: Kind of its start
//   from: Id of its start
//   to_kind: Kind of its end
//   to: Id of its end
//   confidence: "How sure, 0 to 1"
//   sources: Where it was read out of
MATCH (x:Agent|Workflow|Identity|Secret|Tool|ToolServer|Runtime)-[r]->(y)
WHERE r.gone_at IS NULL AND r.evidence = ['inferred'] AND coalesce(r.confidence, 0.0) <= $confidence
RETURN type(r) AS edge, labels(x)[0] AS from_kind, x.id AS from, labels(y)[0] AS to_kind, y.id AS to,
       coalesce(r.confidence, 0.0) AS confidence, coalesce(r.sources, []) AS sources
ORDER BY confidence, edge, from, to, sources
LIMIT $limit
