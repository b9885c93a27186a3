// title: Declared and never seen
// question: What may agents that were seen at work call or ask that they have never been seen to use?
// when: To take away what nobody needs; traces that cover little time prove little.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   edge: "USES, CONNECTS_TO or DELEGATES_TO"
//   target_kind: Kind of what it may call or ask
//   target: Its id
//   observed: How many other things the agent was seen to call or ask
//   sources: Where it is declared
MATCH (a:Agent)
WHERE a.gone_at IS NULL
  AND EXISTS { MATCH (a)-[o:USES|CONNECTS_TO|DELEGATES_TO]->() WHERE o.gone_at IS NULL AND 'observed' IN o.evidence }
  AND EXISTS {
    MATCH (a)-[r:USES|CONNECTS_TO|DELEGATES_TO]->(t)
    WHERE r.gone_at IS NULL AND t.gone_at IS NULL AND NOT 'observed' IN coalesce(r.evidence, []) }
WITH a ORDER BY a.id LIMIT $limit
MATCH (a)-[o:USES|CONNECTS_TO|DELEGATES_TO]->()
WHERE o.gone_at IS NULL AND 'observed' IN o.evidence
WITH a, count(o) AS observed
MATCH (a)-[r:USES|CONNECTS_TO|DELEGATES_TO]->(t)
WHERE r.gone_at IS NULL AND t.gone_at IS NULL AND NOT 'observed' IN coalesce(r.evidence, [])
RETURN a.id AS agent, type(r) AS edge, labels(t)[0] AS target_kind, t.id AS target, observed, coalesce(r.sources, []) AS sources
ORDER BY agent, edge, target_kind, target, sources
LIMIT $limit
