// title: Agents with the most findings
// question: Which agents have the most wrong with them, and who owns them?
// when: To look at agents one by one; to see where one visit mends most.
// parameters:
//   rule: {type: text, default: "", meaning: Only rules whose id begins with this}
//   limit: {type: integer, default: 50, meaning: How many at most}
// columns:
//   agent: Its id
//   findings: How many
//   severe: How many of them are high or critical
//   rules: Ids of the rules
//   owners: Its owners
//   sources: Where the agent was stated
CALL {
  MATCH (f:Finding)
  WHERE f.fixed_at IS NULL AND f.subject_kind = 'Agent' AND f.rule STARTS WITH $rule
  RETURN f.subject_id AS id, count(*) AS findings, sum(CASE WHEN f.severity IN ['high', 'critical'] THEN 1 ELSE 0 END) AS severe
  ORDER BY severe DESC, findings DESC, id
  LIMIT $limit
}
MATCH (a:Agent {id: id})
MATCH (one:Finding)-[:ABOUT]->(a)
WHERE one.fixed_at IS NULL AND one.subject_kind = 'Agent' AND one.subject_id = id AND one.rule STARTS WITH $rule
WITH a, findings, severe, one.rule AS rule ORDER BY rule
WITH a, findings, severe, collect(DISTINCT rule) AS rules
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH a, findings, severe, rules, o ORDER BY o.id
WITH a, findings, severe, rules, collect(DISTINCT o.id) AS owners
RETURN a.id AS agent, findings, severe, rules, owners, coalesce(a.sources, []) AS sources
ORDER BY severe DESC, findings DESC, agent
