// title: Agents that act with their caller's authority
// question: Who acts on behalf of whom, or is handed the caller's token, and how far may that go on?
// when: The callee then has all its callers may do; hijack it and you are each of them.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   callee: Id of who acts
//   caller: Id of whose authority it gets
//   mode: on_behalf_of or passthrough
//   scopes: "What of it; empty = everything"
//   max_depth: "How many hops further; empty = unknown"
//   caller_impact: "What the caller could do, 0 to 100"
//   sources: Where it was stated
MATCH (a:Agent|Workflow)-[d:DELEGATES_TO]->(b:Agent|Workflow)
WHERE d.mode IN ['on_behalf_of', 'passthrough'] AND a.gone_at IS NULL AND d.gone_at IS NULL AND b.gone_at IS NULL
RETURN b.id AS callee, a.id AS caller, d.mode AS mode, coalesce(d.scopes, []) AS scopes, d.max_depth AS max_depth,
       round(a.impact, 1) AS caller_impact, coalesce(d.sources, []) AS sources
ORDER BY callee, caller, mode, sources
LIMIT $limit
