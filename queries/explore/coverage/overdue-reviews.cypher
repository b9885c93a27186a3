// title: Overdue access reviews
// question: Whose access review is overdue, or has never been planned?
// when: To prepare a review round; when an auditor asks.
// parameters:
//   at: {type: time, default: now, meaning: Overdue at this time}
//   unplanned: {type: boolean, default: false, meaning: Also agents without a date}
// columns:
//   agent: Its id
//   review_due: "When it was due, or unknown"
//   owners: Its owners
//   risk: "0 to 100; empty before an analysis"
//   sources: Where the agent was stated
MATCH (a:Agent)
WHERE a.gone_at IS NULL AND coalesce(a.status, 'unknown') <> 'retired' AND (a.review_due <= $at OR ($unplanned AND a.review_due IS NULL))
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH a, o ORDER BY o.id
WITH a, collect(DISTINCT o.id) AS owners
RETURN a.id AS agent, coalesce(a.review_due, 'unknown') AS review_due, owners, a.risk AS risk, coalesce(a.sources, []) AS sources
ORDER BY review_due, agent
