// title: Findings that are new
// question: What went wrong since a time?
// when: After a scan, to see what changed for the worse.
// parameters:
//   since: {type: time, meaning: "First found since, such as 2026-07-01"}
//   rule: {type: text, default: "", meaning: Only rules whose id begins with this}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   first_seen: When it was first found
//   severity: Level
//   rule: Id of the rule
//   finding: What is wrong
//   subject: "What it is about, as Kind:id"
//   key: Key of the finding
MATCH (f:Finding)
WHERE f.fixed_at IS NULL AND f.first_seen >= $since AND f.rule STARTS WITH $rule
RETURN f.first_seen AS first_seen, f.severity AS severity, f.rule AS rule, f.title AS finding, f.subject_kind + ':' + f.subject_id AS subject,
       f.id AS key
ORDER BY f.first_seen DESC, CASE f.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END,
         f.rule, f.subject_kind, f.subject_id, f.id
LIMIT $limit
