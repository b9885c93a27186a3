// title: Servers that are not pinned
// question: Which tool servers can start in another version than the one that was looked at, and who uses them?
// when: After news of a package that was taken over; to prepare pinning.
// columns:
//   server: Its id
//   name: Its name
//   package: What it is started from
//   origin: Who makes it
//   agents: Agents that connect to it
MATCH (v:ToolServer)
WHERE v.gone_at IS NULL AND v.pinned = false
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH v, a ORDER BY a.id
RETURN v.id AS server, v.name AS name, v.package AS package, coalesce(v.origin, 'unknown') AS origin, collect(DISTINCT a.id) AS agents
ORDER BY server
