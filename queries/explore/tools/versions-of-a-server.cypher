// title: One server, several versions
// question: Which packages of tool servers are started in more than one version, and by whom?
// when: To settle on one that was looked at; to see who missed an update.
// columns:
//   package: What is started
//   versions: "Versions that are asked for; unknown = whatever is newest"
//   servers: The servers
//   agents: How many agents connect to one of them
//   sources: Where they were stated
MATCH (v:ToolServer)
WHERE v.gone_at IS NULL AND v.package IS NOT NULL
WITH v, split(v.package, '@')[0] AS package, coalesce(v.version, 'unknown') AS version
WITH package, version, v ORDER BY version, v.id
WITH package, collect(DISTINCT version) AS versions, collect(v) AS several, collect(v.id) AS servers, collect(v.sources[0]) AS sources
WHERE size(versions) > 1
UNWIND several AS v
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
RETURN package, versions, servers, count(DISTINCT a.id) AS agents, sources
ORDER BY agents DESC, package
