// title: The riskiest agents
// question: Which agents would do most harm, and how much of it would a runtime decision stop?
// when: To decide whom to look at first.
// parameters:
//   limit: {type: integer, default: 20, meaning: How many at most}
// columns:
//   agent: Its id
//   name: Its name
//   risk: 0 to 100
//   level: The risk in a word
//   impact: "What it could do in the worst case, 0 to 100"
//   impact_ungoverned: What of that no decision stands in the way of
//   targets: How many things it can act on
MATCH (a:Agent)
WHERE a.gone_at IS NULL AND a.risk IS NOT NULL
RETURN a.id AS agent, a.name AS name, round(a.risk, 1) AS risk, a.risk_level AS level, round(a.impact, 1) AS impact,
       round(a.impact_ungoverned, 1) AS impact_ungoverned, a.reach_targets AS targets
ORDER BY a.risk DESC, agent
LIMIT $limit
