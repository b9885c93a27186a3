// title: What an agent reaches
// question: What can this agent act on, and over what?
// when: To show its owner; in an incident, what may have been touched.
// parameters:
//   agent: {type: text, of: [Agent], meaning: Id or name of the agent}
//   lens: {type: text, default: posture, values: [posture, ungoverned, runtime], meaning: Under which lens}
//   limit: {type: integer, default: 1000, meaning: How many rows at most}
// columns:
//   agent: Its id
//   target_kind: Resource or Secret
//   target: Id of what it reaches
//   sensitivity: How sensitive that is
//   crown_jewel: Whether the organisation lives by it
//   actions: What the agent can do there
//   hops: Length of a shortest way
//   via: What lies between
MATCH (a:Agent)
WHERE a.id = $agent OR a.name = $agent
MATCH (a)-[r:CAN_REACH {lens: $lens}]->(t)
RETURN a.id AS agent, labels(t)[0] AS target_kind, t.id AS target, coalesce(t.sensitivity, 'unknown') AS sensitivity,
       coalesce(t.crown_jewel, false) AS crown_jewel, r.actions AS actions, r.hops AS hops, r.via AS via
ORDER BY agent, crown_jewel DESC, target_kind, target
LIMIT $limit
