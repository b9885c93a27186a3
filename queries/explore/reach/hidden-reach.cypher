// title: Hidden reach
// question: Which agents reach most of what they reach only through other agents?
// when: Their own configuration looks harmless, and they are not.
// parameters:
//   limit: {type: integer, default: 50, meaning: How many at most}
// columns:
//   agent: Its id
//   hidden: How many atoms it has only through others
//   atoms: How many it has in all
//   share: "Hidden part of all, 0 to 1"
//   asks: Agents it may ask
//   sources: Where the agent was stated
MATCH (a:Agent)
WHERE a.gone_at IS NULL AND a.hidden_atoms > 0
WITH a ORDER BY a.hidden_atoms DESC, a.id LIMIT $limit
OPTIONAL MATCH (a)-[d:DELEGATES_TO]->(b:Agent)
WHERE d.gone_at IS NULL AND b.gone_at IS NULL
WITH a, b ORDER BY b.id
WITH a, collect(DISTINCT b.id) AS asks
RETURN a.id AS agent, a.hidden_atoms AS hidden, a.reach_atoms AS atoms, round(a.hidden_atoms * 1.0 / a.reach_atoms, 2) AS share, asks,
       coalesce(a.sources, []) AS sources
ORDER BY hidden DESC, agent
