// title: What an owner answers for
// question: What does this person or team own, and how bad is it?
// when: Before talking to a team; when somebody takes a team over.
// parameters:
//   owner: {type: text, of: [Owner], meaning: Id or name of the owner}
// columns:
//   owner: Id of the owner
//   kind: Kind of what is owned
//   id: Its id
//   environment: Where it is used
//   risk: "0 to 100, of agents"
//   findings: How many findings are about it
//   sources: Where the ownership was stated
MATCH (o:Owner)-[w:OWNS]->(n)
WHERE (o.id = $owner OR o.name = $owner) AND o.gone_at IS NULL AND w.gone_at IS NULL AND n.gone_at IS NULL
OPTIONAL MATCH (f:Finding)-[:ABOUT]->(n)
WHERE f.fixed_at IS NULL
WITH o, w, n, count(DISTINCT f.id) AS findings
RETURN o.id AS owner, labels(n)[0] AS kind, n.id AS id, coalesce(n.environment, 'unknown') AS environment, round(n.risk, 1) AS risk, findings,
       coalesce(w.sources, []) AS sources
ORDER BY owner, kind, id, sources
