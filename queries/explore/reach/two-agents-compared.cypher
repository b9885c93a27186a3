// title: What one agent reaches and another does not
// question: What can this agent do that the other one cannot?
// when: Before one takes over the other's work; to see why two copies of one agent differ.
// parameters:
//   agent: {type: text, of: [Agent], meaning: Id or name of the agent}
//   other: {type: text, of: [Agent], meaning: Id or name of the other}
//   lens: {type: text, default: posture, values: [posture, ungoverned, runtime], meaning: Under which lens}
// columns:
//   target_kind: Resource or Secret
//   target: Id of what it reaches
//   more: Actions that only the first one can do
//   both: Actions that both can do
//   via: What lies between the first one and the target
MATCH (a:Agent)
WHERE a.id = $agent OR a.name = $agent
MATCH (b:Agent)
WHERE b.id = $other OR b.name = $other
MATCH (a)-[r:CAN_REACH {lens: $lens}]->(t)
OPTIONAL MATCH (b)-[s:CAN_REACH {lens: $lens}]->(t)
WITH t, r, coalesce(s.actions, []) AS others
WITH t, r, [action IN r.actions WHERE NOT action IN others] AS more, [action IN r.actions WHERE action IN others] AS both
WHERE size(more) > 0
RETURN labels(t)[0] AS target_kind, t.id AS target, more, both, r.via AS via
ORDER BY target_kind, target
