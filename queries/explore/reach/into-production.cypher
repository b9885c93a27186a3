// title: Reach into production from elsewhere
// question: Which agents of development, test or staging reach things in production?
// when: After an intrusion on a laptop or in a test system; to draw the border.
// parameters:
//   lens: {type: text, default: posture, values: [posture, ungoverned, runtime], meaning: Under which lens}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   environment: Where the agent is used
//   target_kind: Resource or Secret
//   target: Id of what it reaches
//   actions: What the agent can do there
//   hops: Length of a shortest way
//   via: What lies between
MATCH (a:Agent)
WHERE a.environment IN ['dev', 'test', 'staging'] AND a.gone_at IS NULL
MATCH (a)-[r:CAN_REACH {lens: $lens}]->(t {environment: 'prod'})
RETURN a.id AS agent, a.environment AS environment, labels(t)[0] AS target_kind, t.id AS target, r.actions AS actions, r.hops AS hops, r.via AS via
ORDER BY agent, target_kind, target
LIMIT $limit
