// title: Stop list of a compromised agent
// question: This agent is compromised. What has to be stopped, revoked and told?
// when: In the first minutes of an incident; the order of the steps is the order to take them in.
// parameters:
//   agent: {type: text, of: [Agent], meaning: Id or name of the agent}
// columns:
//   step: What to do
//   kind: Kind of what it is done to
//   id: Its id
//   name: Its name
//   because: How the agent comes by it
//   others: Agents that this stops as well
CALL {
  MATCH (a:Agent)
  WHERE a.id = $agent OR a.name = $agent
  MATCH (a)-[r:RUNS_ON|RUNS_AS|HOLDS|CONNECTS_TO|DELEGATES_TO]->(x)
  WHERE r.gone_at IS NULL AND x.gone_at IS NULL
  OPTIONAL MATCH (b:Agent)-[o:RUNS_ON|RUNS_AS|HOLDS|CONNECTS_TO]->(x)
  WHERE b.gone_at IS NULL AND o.gone_at IS NULL AND b.id <> a.id
  WITH a, r, x, b ORDER BY b.id
  WITH x, type(r) AS how, collect(DISTINCT b.id) AS others
  RETURN CASE how WHEN 'RUNS_ON' THEN '1 stop it there' WHEN 'RUNS_AS' THEN '2 disable the identity' WHEN 'HOLDS' THEN '3 revoke the secret'
           WHEN 'CONNECTS_TO' THEN '4 block the server for it' ELSE '5 check what it was asked to do' END AS step,
         labels(x)[0] AS kind, x.id AS id, x.name AS name, how AS because, others
  UNION
  MATCH (a:Agent)
  WHERE a.id = $agent OR a.name = $agent
  MATCH (a)-[c:CONNECTS_TO]->(v:ToolServer)-[h:HOLDS]->(s:Secret)
  WHERE c.gone_at IS NULL AND v.gone_at IS NULL AND h.gone_at IS NULL AND s.gone_at IS NULL
  OPTIONAL MATCH (b:Agent)-[o:CONNECTS_TO]->(v)
  WHERE b.gone_at IS NULL AND o.gone_at IS NULL AND b.id <> a.id
  WITH v, s, b ORDER BY b.id
  RETURN '3 revoke the secret' AS step, 'Secret' AS kind, s.id AS id, s.name AS name, 'held by the server ' + v.id AS because, collect(DISTINCT b.id) AS others
}
RETURN step, kind, id, name, because, others
ORDER BY step, kind, id, because
