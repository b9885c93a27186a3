// title: What an agent can call
// question: Which tools can this agent call, over which server, and what can they do?
// when: To review an agent; to write its allow-list.
// parameters:
//   agent: {type: text, of: [Agent, Workflow], meaning: Id or name of the agent or workflow}
// columns:
//   agent: Its id
//   tool: "Id of the tool; empty where the tools of the server are unknown"
//   name: Name of the tool
//   server: "Id of the server; empty where it is called directly"
//   effects: "What a call can do; empty = unknown"
//   approved: "true, false or unknown"
//   observed: Whether it was seen in use
//   sources: Where that was stated
CALL {
  MATCH (a:Agent|Workflow)
  WHERE (a.id = $agent OR a.name = $agent) AND a.gone_at IS NULL
  MATCH (a)-[u:USES]->(t:Tool)
  WHERE u.gone_at IS NULL AND t.gone_at IS NULL
  RETURN a, u AS r, t.id AS tool, t.name AS name, '' AS server, coalesce(t.effects, []) AS effects
  UNION
  MATCH (a:Agent|Workflow)
  WHERE (a.id = $agent OR a.name = $agent) AND a.gone_at IS NULL
  MATCH (a)-[c:CONNECTS_TO]->(v:ToolServer)
  WHERE c.gone_at IS NULL AND v.gone_at IS NULL
  OPTIONAL MATCH (v)-[p:PROVIDES]->(t:Tool)
  WHERE p.gone_at IS NULL AND t.gone_at IS NULL AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
  RETURN a, c AS r, coalesce(t.id, '') AS tool, coalesce(t.name, '') AS name, v.id AS server, coalesce(t.effects, []) AS effects
}
RETURN a.id AS agent, tool, name, server, effects,
       CASE WHEN r.approved IS NULL THEN 'unknown' WHEN r.approved THEN 'true' ELSE 'false' END AS approved,
       'observed' IN coalesce(r.evidence, []) AS observed, coalesce(r.sources, []) AS sources
ORDER BY agent, server, tool, approved, observed, sources
