// title: A machine is compromised
// question: Somebody is on this machine, pod or laptop. Which agents and servers run there, and what do they and it have?
// when: When an endpoint alarm names a host.
// parameters:
//   runtime: {type: text, of: [Runtime], meaning: Id or name of the runtime}
// columns:
//   kind: Kind of what is lost
//   id: Its id
//   name: Its name
//   through: "What has it there, as Kind:id"
//   isolated: Whether what runs there is kept from what the machine has
//   sources: Where that was stated
MATCH (m:Runtime)
WHERE (m.id = $runtime OR m.name = $runtime) AND m.gone_at IS NULL
CALL {
  WITH m
  MATCH (m)-[r:RUNS_AS|HOLDS]->(y)
  WHERE r.gone_at IS NULL AND y.gone_at IS NULL
  RETURN y, 'Runtime:' + m.id AS through, false AS isolated, coalesce(r.sources, []) AS sources
  UNION
  WITH m
  MATCH (y)-[r:RUNS_ON]->(m)
  WHERE r.gone_at IS NULL AND y.gone_at IS NULL
  RETURN y, 'Runtime:' + m.id AS through, coalesce(r.isolated, false) AS isolated, coalesce(r.sources, []) AS sources
  UNION
  WITH m
  MATCH (x)-[o:RUNS_ON]->(m)
  WHERE o.gone_at IS NULL AND x.gone_at IS NULL
  MATCH (x)-[r:RUNS_AS|HOLDS]->(y)
  WHERE r.gone_at IS NULL AND y.gone_at IS NULL
  RETURN y, labels(x)[0] + ':' + x.id AS through, coalesce(o.isolated, false) AS isolated, coalesce(r.sources, []) AS sources
}
RETURN labels(y)[0] AS kind, y.id AS id, y.name AS name, through, isolated, sources
ORDER BY kind, id, through, sources
