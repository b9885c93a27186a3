// title: Chains of delegation
// question: Whom does this agent pass work to, and they to others?
// when: To understand who acts for whom before a hop is scoped or cut.
// parameters:
//   agent: {type: text, of: [Agent, Workflow], meaning: Id or name of the agent or workflow}
// columns:
//   chain: Ids from the agent on
//   depth: How many hops
//   modes: How each hop is made
//   unscoped: How many of the hops pass everything on
MATCH (a:Agent|Workflow)
WHERE (a.id = $agent OR a.name = $agent) AND a.gone_at IS NULL
MATCH path = (a)-[d:DELEGATES_TO*1..6]->(b)
WHERE all(one IN d WHERE one.gone_at IS NULL) AND all(n IN nodes(path) WHERE n.gone_at IS NULL)
RETURN [n IN nodes(path) | n.id] AS chain, size(d) AS depth, [one IN d | coalesce(one.mode, 'unknown')] AS modes,
       size([one IN d WHERE one.scopes IS NULL]) AS unscoped
ORDER BY depth, chain, modes, unscoped
LIMIT 1000
