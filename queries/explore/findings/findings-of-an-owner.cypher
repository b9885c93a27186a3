// title: Findings of an owner
// question: What has this person or team to mend?
// when: To send a team its work.
// parameters:
//   owner: {type: text, of: [Owner], meaning: Id or name of the owner}
//   rule: {type: text, default: "", meaning: Only rules whose id begins with this}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   severity: Level
//   rule: Id of the rule
//   finding: What is wrong
//   about: "What of theirs it is about, as Kind:id"
//   first_seen: When it was first found
//   key: Key of the finding
MATCH (o:Owner)-[w:OWNS]->(n)
WHERE (o.id = $owner OR o.name = $owner) AND o.gone_at IS NULL AND w.gone_at IS NULL
MATCH (f:Finding)-[:ABOUT]->(n)
WHERE f.fixed_at IS NULL AND f.rule STARTS WITH $rule
RETURN DISTINCT f.severity AS severity, f.rule AS rule, f.title AS finding, labels(n)[0] + ':' + n.id AS about, f.first_seen AS first_seen, f.id AS key
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END, rule, about, key
LIMIT $limit
