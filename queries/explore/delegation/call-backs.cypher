// title: Tools that call agents
// question: Which tools and servers can make an agent act, and which other agents use them?
// when: Their users reach all that the agent may do, and no configuration of theirs says so.
// columns:
//   tool_kind: Tool or ToolServer
//   tool: Its id
//   agent: Id of the agent it calls
//   users: Agents that call the tool
//   evidence: How it is known
//   sources: Where it was stated
MATCH (t)-[c:CALLS_BACK]->(b:Agent)
WHERE t.gone_at IS NULL AND c.gone_at IS NULL AND b.gone_at IS NULL
OPTIONAL MATCH (a:Agent)-[u:USES|CONNECTS_TO]->(t)
WHERE a.gone_at IS NULL AND u.gone_at IS NULL
WITH t, c, b, a ORDER BY a.id
WITH t, c, b, collect(DISTINCT a.id) AS users
RETURN labels(t)[0] AS tool_kind, t.id AS tool, b.id AS agent, users, coalesce(c.evidence, []) AS evidence, coalesce(c.sources, []) AS sources
ORDER BY tool_kind, tool, agent, sources
