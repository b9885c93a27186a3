// title: Findings by rule
// question: How many findings of each rule are open, and how bad are they?
// when: To see what kind of trouble there is most of, and to compare two scans.
// parameters:
//   rule: {type: text, default: "", meaning: "Beginning of the rule's id, such as GI-SEC; empty = all"}
// columns:
//   rule: Its id
//   title: What it looks for
//   critical: How many are critical; the rules with most of these first
//   high: How many are high
//   medium: How many are medium
//   low: How many are low
//   info: How many are told for information
MATCH (r:Rule)
WHERE r.id STARTS WITH $rule AND r.critical + r.high + r.medium + r.low + r.info > 0
RETURN r.id AS rule, r.name AS title, r.critical AS critical, r.high AS high, r.medium AS medium, r.low AS low, r.info AS info
ORDER BY critical DESC, high DESC, medium DESC, low DESC, info DESC, rule
