// title: A tool server is compromised
// question: This server is in strange hands. Which agents does it talk to, what can it make them do, and what does it have itself?
// when: When a supplier reports an intrusion; when a server starts to behave oddly.
// parameters:
//   server: {type: text, of: [ToolServer], meaning: "Id, name or URL of the server"}
// columns:
//   step: What to do
//   kind: Kind of what it is done to
//   id: Its id
//   name: Its name
//   because: What the server has to do with it
//   impact: "What it could do in the worst case, 0 to 100, of agents"
//   owners: Its owners
//   sources: Where that was stated
MATCH (v:ToolServer)
WHERE (v.id = $server OR v.name = $server OR v.url = $server) AND v.gone_at IS NULL
CALL {
  WITH v
  MATCH (v)-[r:HOLDS|RUNS_AS|RUNS_ON|CALLS_BACK]->(x)
  WHERE r.gone_at IS NULL AND x.gone_at IS NULL
  RETURN CASE type(r) WHEN 'HOLDS' THEN '2 revoke the secret' WHEN 'RUNS_AS' THEN '3 disable the identity'
           WHEN 'RUNS_ON' THEN '4 look at where it runs' ELSE '5 check what it was made to do' END AS step, x, type(r) AS because, r
  UNION
  WITH v
  MATCH (x:Agent)-[r:CONNECTS_TO]->(v)
  WHERE r.gone_at IS NULL AND x.gone_at IS NULL
  RETURN '1 disconnect the agent' AS step, x, 'CONNECTS_TO' AS because, r
}
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(x)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH step, x, because, r, o ORDER BY o.id
WITH step, x, because, r, collect(DISTINCT o.id) AS owners
RETURN step, labels(x)[0] AS kind, x.id AS id, x.name AS name, because, round(x.impact, 1) AS impact, owners, coalesce(r.sources, []) AS sources
ORDER BY step, kind, id, sources
