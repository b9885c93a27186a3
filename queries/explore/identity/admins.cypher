// title: Identities with far-reaching rights
// question: Which identities may administer or delete, how much of it, and which agents run as them directly?
// when: To find the roles to make smaller first.
// parameters:
//   limit: {type: integer, default: 100, meaning: How many at most}
// columns:
//   identity: Its id
//   type: What it is
//   admins: How many things it may administer
//   deletes: How many more it may delete
//   agents: Agents that run as it
//   examples: Some of what it may administer or delete
//   sources: Where such a grant was stated
MATCH (i:Identity)-[c:CAN_ACCESS]->(t)
WHERE i.gone_at IS NULL AND c.gone_at IS NULL AND t.gone_at IS NULL AND ('admin' IN c.actions OR 'delete' IN c.actions)
WITH i, c, t ORDER BY t.id, labels(t)[0], c.sources[0]
WITH i, count(DISTINCT CASE WHEN 'admin' IN c.actions THEN t.id END) AS admins,
     count(DISTINCT CASE WHEN NOT 'admin' IN c.actions THEN t.id END) AS deletes, collect(DISTINCT t.id) AS targets, collect(c.sources[0]) AS places
ORDER BY admins DESC, deletes DESC, i.id
LIMIT $limit
OPTIONAL MATCH (a:Agent)-[r:RUNS_AS]->(i)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL
WITH i, admins, deletes, targets, places, a ORDER BY a.id
WITH i, admins, deletes, targets, places, collect(DISTINCT a.id) AS agents
RETURN i.id AS identity, coalesce(i.type, 'unknown') AS type, admins, deletes, agents, targets[0..3] AS examples, places[0..3] AS sources
ORDER BY admins DESC, deletes DESC, identity
