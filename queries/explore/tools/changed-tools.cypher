// title: Tools that are not what was approved
// question: Which tools have another definition today than the one that was approved, and who calls them?
// when: After an update of a server; a changed description can carry orders to the agent.
// columns:
//   tool: Its id
//   name: Its name
//   servers: Servers that provide it
//   agents: Agents that may call it
//   sources: Where it was stated
MATCH (t:Tool)
WHERE t.gone_at IS NULL AND t.schema_digest <> t.approved_digest
OPTIONAL MATCH (t)<-[p:PROVIDES]-(v:ToolServer)
WHERE v.gone_at IS NULL AND p.gone_at IS NULL
WITH t, v ORDER BY v.id
WITH t, collect(DISTINCT v.id) AS servers
OPTIONAL MATCH (t)<-[r:USES]-(a:Agent)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL
WITH t, servers, collect(DISTINCT a.id) AS direct
OPTIONAL MATCH (t)<-[p:PROVIDES]-(:ToolServer)<-[c:CONNECTS_TO]-(a:Agent)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND p.gone_at IS NULL AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
WITH t, servers, direct, collect(DISTINCT a.id) AS through
UNWIND CASE WHEN size(direct + through) = 0 THEN [''] ELSE direct + through END AS agent
WITH t, servers, agent ORDER BY agent
WITH t, servers, collect(DISTINCT CASE WHEN agent <> '' THEN agent END) AS agents
RETURN t.id AS tool, t.name AS name, servers, agents, coalesce(t.sources, []) AS sources
ORDER BY tool
