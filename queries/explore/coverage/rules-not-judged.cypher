// title: Rules that could not be judged
// question: Of which rules does an empty list of findings mean nothing, and what is missing?
// when: Before somebody says that nothing was found; to choose the next source to connect.
// parameters:
//   rule: {type: text, default: "", meaning: "Beginning of the rule's id, such as GI-SEC; empty = all"}
// columns:
//   rule: Its id
//   title: What it looks for
//   outcome: "not_available, or error"
//   reason: What is missing
MATCH (r:Rule)
WHERE r.id STARTS WITH $rule AND r.outcome IN ['not_available', 'error']
RETURN r.id AS rule, r.name AS title, r.outcome AS outcome, r.reason AS reason
ORDER BY rule
