// title: Agents that many ask
// question: Which agents do the most others pass work to, and what can those agents do?
// when: These are the crossroads; a decision in front of one of them covers many paths.
// parameters:
//   callers: {type: integer, default: 2, meaning: How many callers at least}
//   limit: {type: integer, default: 100, meaning: How many rows at most}
// columns:
//   agent: Its id
//   callers: How many agents and workflows may ask it
//   unscoped: How many of them pass everything on
//   asks: How many others it may ask in turn
//   impact: "What it could do in the worst case, 0 to 100"
//   sources: Where it was stated
CALL {
  MATCH (x:Agent|Workflow)-[d:DELEGATES_TO]->(a:Agent)
  WHERE x.gone_at IS NULL AND d.gone_at IS NULL AND a.gone_at IS NULL
  RETURN a.id AS agent, count(DISTINCT labels(x)[0] + ':' + x.id) AS callers
  ORDER BY callers DESC, agent
  LIMIT $limit
}
WITH agent, callers WHERE callers >= $callers
MATCH (a:Agent {id: agent})
OPTIONAL MATCH (x:Agent|Workflow)-[d:DELEGATES_TO]->(a)
WHERE x.gone_at IS NULL AND d.gone_at IS NULL AND d.scopes IS NULL
WITH a, callers, count(DISTINCT x) AS unscoped
OPTIONAL MATCH (a)-[e:DELEGATES_TO]->(y)
WHERE e.gone_at IS NULL AND y.gone_at IS NULL
WITH a, callers, unscoped, count(DISTINCT y) AS asks
RETURN a.id AS agent, callers, unscoped, asks, round(a.impact, 1) AS impact, coalesce(a.sources, []) AS sources
ORDER BY callers DESC, agent
