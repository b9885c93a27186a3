// title: Agents with the most findings
// question: Which agents have the most wrong with them, and who owns them?
// when: To look at agents one by one; to see where one visit mends most.
// parameters:
//   limit: {type: integer, default: 50, meaning: How many at most}
// columns:
//   agent: Its id
//   findings: How many are open
//   severe: How many of them are high or critical
//   rules: Ids of the rules
//   owners: Its owners
//   sources: Where the agent was stated
MATCH (a:Agent)
WHERE a.open_findings > 0 AND a.gone_at IS NULL
WITH a ORDER BY a.severe_findings DESC, a.open_findings DESC, a.id LIMIT $limit
MATCH (a)<-[:ABOUT]-(f:Finding)
WHERE f.fixed_at IS NULL
WITH a, f.rule AS rule ORDER BY rule
WITH a, collect(DISTINCT rule) AS rules
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH a, rules, o ORDER BY o.id
WITH a, rules, collect(DISTINCT o.id) AS owners
RETURN a.id AS agent, a.open_findings AS findings, a.severe_findings AS severe, rules, owners, coalesce(a.sources, []) AS sources
ORDER BY severe DESC, findings DESC, agent
