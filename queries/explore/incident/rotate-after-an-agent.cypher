// title: Credentials a compromised agent has seen
// question: This agent is compromised. Which secrets could it read, so that they have to be changed, and who holds them besides?
// when: After the agent was stopped; what it could read counts as read.
// parameters:
//   agent: {type: text, of: [Agent], meaning: Id or name of the agent}
// columns:
//   secret: Id of what has to be changed
//   name: Its name
//   type: What it is
//   how: "It holds it, or over what it reaches it"
//   opens: Identities it lets one be
//   others: "Others that hold it and need the new one, as Kind:id"
//   sources: Where the secret was stated
CALL {
  MATCH (a:Agent)
  WHERE a.id = $agent OR a.name = $agent
  MATCH (a)-[r:HOLDS]->(s:Secret)
  WHERE r.gone_at IS NULL AND s.gone_at IS NULL
  RETURN DISTINCT a, s, coalesce(s.type, 'unknown') AS type, [] AS via
  UNION
  MATCH (a:Agent)
  WHERE a.id = $agent OR a.name = $agent
  MATCH (a)-[r:CAN_REACH {lens: 'posture'}]->(s:Secret)
  WHERE ('read' IN r.actions OR 'admin' IN r.actions) AND NOT EXISTS { MATCH (a)-[own:HOLDS]->(s) WHERE own.gone_at IS NULL }
  RETURN a, s, coalesce(s.type, 'unknown') AS type, r.via AS via
}
OPTIONAL MATCH (s)-[u:AUTHENTICATES_AS]->(i:Identity)
WHERE u.gone_at IS NULL AND i.gone_at IS NULL
WITH a, s, type, via, i ORDER BY i.id
WITH a, s, type, via, collect(DISTINCT i.id) AS opens
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL AND NOT (labels(h)[0] = 'Agent' AND h.id = a.id)
WITH s, type, via, opens, labels(h)[0] + ':' + h.id AS other ORDER BY other
WITH s, type, via, opens, collect(DISTINCT other) AS others
RETURN s.id AS secret, s.name AS name, type, CASE WHEN size(via) = 0 THEN 'holds it' ELSE 'over ' + via[-1] END AS how, opens,
       others, coalesce(s.sources, []) AS sources
ORDER BY how = 'holds it' DESC, secret
