// title: What delegation adds
// question: By which step to another agent does an agent reach the most sensitive things, as its shortest way?
// when: To choose the step to scope or guard; what an agent may do itself does not count.
// parameters:
//   lens: {type: text, default: posture, values: [posture, ungoverned, runtime], meaning: Under which lens}
//   limit: {type: integer, default: 100, meaning: How many rows at most}
// columns:
//   caller: Id of who asks
//   callee: Id of the first agent that is asked
//   targets: How many things that brings within reach
//   jewels: How many of them are crown jewels
//   actions: What can be done to them
//   mode: How the callee is asked
//   sources: Where the step was stated
MATCH (a:Agent)-[r:CAN_REACH {lens: $lens}]->(t)
WHERE r.via[0] STARTS WITH 'Agent:'
WITH a, substring(r.via[0], 6) AS callee, count(t) AS targets, sum(CASE WHEN t.crown_jewel = true THEN 1 ELSE 0 END) AS jewels,
     collect(r.actions) AS several
WITH a, callee, targets, jewels,
     [action IN ['read', 'write', 'execute', 'delete', 'admin'] WHERE any(some IN several WHERE action IN some)] AS actions
ORDER BY jewels DESC, targets DESC, a.id, callee
LIMIT $limit
MATCH (b:Agent {id: callee})
OPTIONAL MATCH (a)-[d:DELEGATES_TO]->(b)
WHERE d.gone_at IS NULL
WITH a, b, targets, jewels, actions, d ORDER BY coalesce(d.mode, 'unknown'), d.sources[0]
WITH a, b, targets, jewels, actions, collect(coalesce(d.mode, 'unknown'))[0] AS mode, collect(d.sources[0]) AS sources
RETURN a.id AS caller, b.id AS callee, targets, jewels, actions, mode, sources
ORDER BY jewels DESC, targets DESC, caller, callee
