// title: Who can reach a resource
// question: Which agents can act on this resource, and which of them would a runtime decision stop?
// when: Before data is moved or a new store is opened; when its owner asks.
// parameters:
//   resource: {type: text, of: [Resource], meaning: Id or name of the resource}
// columns:
//   agent: Its id
//   resource: Id of the resource
//   actions: What the agent can do there in the worst case
//   hops: Length of a shortest way
//   ungoverned: What of that no decision stands in the way of
MATCH (a:Agent)-[r:CAN_REACH {lens: 'posture'}]->(t:Resource)
WHERE t.id = $resource OR t.name = $resource
OPTIONAL MATCH (a)-[u:CAN_REACH {lens: 'ungoverned'}]->(t)
RETURN a.id AS agent, t.id AS resource, r.actions AS actions, r.hops AS hops, coalesce(u.actions, []) AS ungoverned
ORDER BY agent, resource
