// title: Findings by severity
// question: How many findings of each rule and severity are there?
// when: To see what kind of trouble there is most of, and to compare two scans.
// parameters:
//   rule: {type: text, default: "", meaning: Only rules whose id begins with this}
// columns:
//   severity: Level
//   rule: Id of the rule
//   findings: How many
//   example: Title of one of them
MATCH (f:Finding)
WHERE f.fixed_at IS NULL AND f.rule STARTS WITH $rule
RETURN f.severity AS severity, f.rule AS rule, count(*) AS findings, min(f.title) AS example
ORDER BY CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END, findings DESC, rule
