// title: Delegation to agents that are out of service
// question: Who still passes work to agents that are suspended, retired or only known by name?
// when: After a clean-up; somebody else may come to answer under that name.
// columns:
//   caller_kind: Kind of the caller
//   caller: Its id
//   callee: Id of the agent that is asked
//   status: "suspended, retired or unknown"
//   sources: Where the step was stated
MATCH (a:Agent|Workflow)-[d:DELEGATES_TO]->(b:Agent)
WHERE a.gone_at IS NULL AND d.gone_at IS NULL AND b.gone_at IS NULL
  AND (b.status IN ['suspended', 'retired'] OR b.status = 'unknown' AND b.sources IS NULL)
RETURN labels(a)[0] AS caller_kind, a.id AS caller, b.id AS callee, b.status AS status, coalesce(d.sources, []) AS sources
ORDER BY status, caller_kind, caller, callee, sources
