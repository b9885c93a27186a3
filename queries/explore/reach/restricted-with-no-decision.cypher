// title: Sensitive data with no decision in the way
// question: Which agents reach confidential or restricted data, or a crown jewel, with no runtime decision on the way?
// when: To choose where the next enforcement point goes.
// parameters:
//   sensitivity: {type: list, default: [confidential, restricted], meaning: Which sensitivities count}
//   limit: {type: integer, default: 1000, meaning: How many rows at most}
// columns:
//   agent: Its id
//   resource: Id of what it reaches
//   sensitivity: How sensitive that is
//   crown_jewel: Whether the organisation lives by it
//   actions: What the agent can do there
//   hops: Length of a shortest way
//   via: What lies between
MATCH (a:Agent)-[r:CAN_REACH {lens: 'ungoverned'}]->(t:Resource)
WHERE t.sensitivity IN $sensitivity OR t.crown_jewel = true
RETURN a.id AS agent, t.id AS resource, coalesce(t.sensitivity, 'unknown') AS sensitivity, coalesce(t.crown_jewel, false) AS crown_jewel,
       r.actions AS actions, r.hops AS hops, r.via AS via
ORDER BY agent, resource
LIMIT $limit
