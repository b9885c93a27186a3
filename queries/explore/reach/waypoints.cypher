// title: Where the ways lead through
// question: Through which identities, secrets, servers and agents do the most shortest ways to sensitive things lead?
// when: To find what to harden first; `graphinv chokepoints` says what really depends on an edge.
// parameters:
//   lens: {type: text, default: ungoverned, values: [posture, ungoverned, runtime], meaning: Under which lens}
//   limit: {type: integer, default: 50, meaning: How many at most}
// columns:
//   waypoint: "Kind and id, as Kind:id"
//   ways: How many pairs of agent and target
//   agents: How many agents
//   targets: How many targets
//   jewels: How many of them are crown jewels
MATCH (a:Agent)-[r:CAN_REACH {lens: $lens}]->(t:Resource)
WHERE t.sensitivity IN ['confidential', 'restricted'] OR t.crown_jewel = true
UNWIND r.via AS waypoint
RETURN waypoint, count(*) AS ways, count(DISTINCT a.id) AS agents, count(DISTINCT t.id) AS targets,
       count(DISTINCT CASE WHEN t.crown_jewel = true THEN t.id END) AS jewels
ORDER BY ways DESC, waypoint
LIMIT $limit
