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
CALL {
  MATCH (i:Identity)-[c:CAN_ACCESS]->(t)
  WHERE i.gone_at IS NULL AND c.gone_at IS NULL AND t.gone_at IS NULL AND ('admin' IN c.actions OR 'delete' IN c.actions)
  RETURN i.id AS identity, count(DISTINCT CASE WHEN 'admin' IN c.actions THEN t.id END) AS admins, count(DISTINCT t.id) AS several
}
WITH identity, admins, several - admins AS deletes ORDER BY admins DESC, deletes DESC, identity LIMIT $limit
MATCH (i:Identity {id: identity})-[c:CAN_ACCESS]->(t)
WHERE c.gone_at IS NULL AND t.gone_at IS NULL AND ('admin' IN c.actions OR 'delete' IN c.actions)
WITH i, admins, deletes, c, t ORDER BY t.id, labels(t)[0], c.sources[0]
WITH i, admins, deletes, collect(DISTINCT t.id) AS targets, collect(c.sources[0]) AS places
OPTIONAL MATCH (i)<-[r:RUNS_AS]-(a:Agent)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL
WITH i, admins, deletes, targets, places, a ORDER BY a.id
WITH i, admins, deletes, targets, places, collect(DISTINCT a.id) AS agents
RETURN i.id AS identity, coalesce(i.type, 'unknown') AS type, admins, deletes, agents, targets[0..3] AS examples, places[0..3] AS sources
ORDER BY admins DESC, deletes DESC, identity
