// title: Owners by risk
// question: Who answers for the most agents and the most risk?
// when: To decide whom to talk to first; to see teams that carry more than they can.
// columns:
//   owner: Id of the owner
//   type: Person or team
//   agents: How many agents
//   worst: "Highest risk among them, 0 to 100"
//   at_high: How many of them are at high or critical risk
//   jewels: How many crown jewels they reach
CALL {
  MATCH (o:Owner)-[w:OWNS]->(a:Agent)
  WHERE o.gone_at IS NULL AND w.gone_at IS NULL AND a.gone_at IS NULL
  RETURN o.id AS owner, count(DISTINCT a.id) AS agents, max(a.risk) AS worst,
         count(DISTINCT CASE WHEN a.risk_level IN ['high', 'critical'] THEN a.id END) AS at_high, 0 AS jewels
  UNION
  MATCH (o:Owner)-[w:OWNS]->(a:Agent)-[:CAN_REACH {lens: 'posture'}]->(t:Resource {crown_jewel: true})
  WHERE o.gone_at IS NULL AND w.gone_at IS NULL AND a.gone_at IS NULL
  RETURN o.id AS owner, 0 AS agents, null AS worst, 0 AS at_high, count(DISTINCT t.id) AS jewels
}
WITH owner, sum(agents) AS agents, max(worst) AS worst, sum(at_high) AS at_high, sum(jewels) AS jewels
MATCH (o:Owner {id: owner})
RETURN owner, coalesce(o.type, 'unknown') AS type, agents, round(worst, 1) AS worst, at_high, jewels
ORDER BY coalesce(worst, 0.0) DESC, agents DESC, owner
