// title: Identities that several agents share
// question: Which identities do two or more agents run as?
// when: To plan identities of their own; to judge what a log line with that identity can tell.
// parameters:
//   agents: {type: integer, default: 2, meaning: How many agents at least}
// columns:
//   identity: Its id
//   type: What it is
//   agents: Ids of the agents
//   number: How many they are
//   owners: Their owners
MATCH (a:Agent)-[r:RUNS_AS]->(i:Identity)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND i.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH i, a, o ORDER BY a.id, o.id
WITH i, collect(DISTINCT a.id) AS agents, collect(DISTINCT o.id) AS owners
WHERE size(agents) >= $agents
RETURN i.id AS identity, coalesce(i.type, 'unknown') AS type, agents, size(agents) AS number, owners
ORDER BY number DESC, identity
