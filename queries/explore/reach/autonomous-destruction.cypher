// title: What agents may destroy unasked
// question: Which agents that act without asking can delete or administer something?
// when: One wrong turn of theirs cannot be undone; to decide what needs an approval.
// parameters:
//   environment: {type: list, default: [prod, unknown], meaning: Environments of the targets that count}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   autonomy: "autonomous, or unknown"
//   target: Id of what it can destroy
//   environment: Where that is used
//   sensitivity: How sensitive it is
//   actions: What the agent can do there
//   hops: Length of a shortest way
//   ungoverned: Whether no decision stands in the way
MATCH (a:Agent)
WHERE coalesce(a.autonomy, 'unknown') IN ['autonomous', 'unknown'] AND a.gone_at IS NULL
MATCH (a)-[r:CAN_REACH {lens: 'posture'}]->(t:Resource)
WHERE ('delete' IN r.actions OR 'admin' IN r.actions) AND coalesce(t.environment, 'unknown') IN $environment
WITH a, r, t ORDER BY coalesce(t.crown_jewel, false) DESC, a.id, t.id LIMIT $limit
OPTIONAL MATCH (a)-[u:CAN_REACH {lens: 'ungoverned'}]->(t)
RETURN a.id AS agent, coalesce(a.autonomy, 'unknown') AS autonomy, t.id AS target, coalesce(t.environment, 'unknown') AS environment,
       coalesce(t.sensitivity, 'unknown') AS sensitivity, r.actions AS actions, r.hops AS hops,
       coalesce('delete' IN u.actions OR 'admin' IN u.actions, false) AS ungoverned
ORDER BY coalesce(t.crown_jewel, false) DESC, agent, target
