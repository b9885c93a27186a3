// title: Findings that are new
// question: What went wrong since a time?
// when: After a scan, to see what changed for the worse.
// parameters:
//   since: {type: time, meaning: "Findings that were first seen then or later, such as the time of the scan before"}
//   rule: {type: text, default: "", meaning: "Beginning of the rule's id, such as GI-SEC; empty = all"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   first_seen: "When it was first seen; the newest first, of these the worst"
//   severity: How bad it is
//   rule: Id of the rule
//   finding: "What was found, in a line"
//   subject: "What it is about, as Kind:id"
//   key: "Its key, for graphinv findings"
MATCH (f:Finding)
WHERE f.sort_key >= $since AND ($rule = '' OR f.rule STARTS WITH $rule)
RETURN f.first_seen AS first_seen, f.severity AS severity, f.rule AS rule, f.title AS finding, f.subject_kind + ':' + f.subject_id AS subject,
       f.id AS key
ORDER BY f.sort_key DESC
LIMIT $limit
