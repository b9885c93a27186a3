// title: Servers that ask nobody who they are
// question: Which remote tool servers take calls from anybody, and what are they able to do?
// when: Whoever can reach the address has what the server has.
// parameters:
//   unknown: {type: boolean, default: false, meaning: Also those of which no source says how callers prove who they are}
// columns:
//   server: Its id
//   url: Where it is
//   auth: "none, or unknown"
//   tools: How many tools it provides
//   risky: "How many of them write, destroy or run code"
//   agents: Agents that connect to it
//   sources: Where it was stated
MATCH (v:ToolServer)
WHERE v.gone_at IS NULL AND coalesce(v.transport, 'unknown') <> 'stdio' AND (v.auth = 'none' OR ($unknown AND v.auth IS NULL))
OPTIONAL MATCH (v)-[p:PROVIDES]->(t:Tool)
WHERE p.gone_at IS NULL AND t.gone_at IS NULL
WITH v, count(DISTINCT t.id) AS tools,
     count(DISTINCT CASE WHEN any(effect IN t.effects WHERE effect IN ['write', 'destructive', 'irreversible', 'execute']) THEN t.id END) AS risky
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH v, tools, risky, a ORDER BY a.id
WITH v, tools, risky, collect(DISTINCT a.id) AS agents
RETURN v.id AS server, v.url AS url, coalesce(v.auth, 'unknown') AS auth, tools, risky, agents, coalesce(v.sources, []) AS sources
ORDER BY risky DESC, server
