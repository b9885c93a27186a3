// title: Who can make an agent act
// question: Which agents, workflows and tools can make this agent do something, directly or over others?
// when: Before an agent gets more rights; whoever can ask it has them too.
// parameters:
//   agent: {type: text, of: [Agent], meaning: Id or name of the agent}
// columns:
//   kind: Kind of who can
//   id: Its id
//   steps: How many steps away it is at least
//   environment: Where it is used
//   sources: Where it was stated
MATCH (b:Agent)
WHERE (b.id = $agent OR b.name = $agent) AND b.gone_at IS NULL
MATCH path = (x)-[d:DELEGATES_TO|CALLS_BACK*1..4]->(b)
WHERE x.gone_at IS NULL AND all(one IN d WHERE one.gone_at IS NULL) AND (labels(x)[0] <> 'Agent' OR x.id <> b.id)
WITH x, min(size(d)) AS steps
RETURN labels(x)[0] AS kind, x.id AS id, steps, coalesce(x.environment, 'unknown') AS environment, coalesce(x.sources, []) AS sources
ORDER BY steps, kind, id
LIMIT 1000
