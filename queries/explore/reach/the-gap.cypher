// title: The gap
// question: For which agents does runtime authorization make the least difference to what they could do?
// when: To decide where enforcement is missing; an impact that stays the same is not governed at all.
// parameters:
//   limit: {type: integer, default: 50, meaning: How many at most}
// columns:
//   agent: Its id
//   environment: Where it is used
//   impact: "What it could do in the worst case, 0 to 100"
//   ungoverned: What of that no decision stands in the way of
//   runtime: What decisions leave
//   stopped: How much of the impact decisions take away
//   sources: Where the agent was stated
MATCH (a:Agent)
WHERE a.gone_at IS NULL AND a.impact > 0
RETURN a.id AS agent, coalesce(a.environment, 'unknown') AS environment, round(a.impact, 1) AS impact,
       round(a.impact_ungoverned, 1) AS ungoverned, round(a.impact_runtime, 1) AS runtime, round(a.impact - a.impact_runtime, 1) AS stopped,
       coalesce(a.sources, []) AS sources
ORDER BY a.impact_ungoverned DESC, agent
LIMIT $limit
