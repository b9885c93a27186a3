// title: A model is withdrawn
// question: Which agents, workflows and tools run on this model, how soon does its support end, and whom to tell?
// when: When a model is withdrawn or found to be unsafe.
// parameters:
//   model: {type: text, of: [Model], meaning: "Id, name or beginning of the purl of the model"}
// columns:
//   model: Its id
//   version: Its version
//   eol_at: "When its support ends; empty = unknown"
//   user: "What runs on it, as Kind:id"
//   owners: Its owners
//   sources: Where that was stated
MATCH (m:Model)
WHERE (m.id = $model OR m.name = $model OR m.purl STARTS WITH $model) AND m.gone_at IS NULL
MATCH (x)-[r:USES_MODEL]->(m)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(x)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH m, x, r, o ORDER BY o.id
WITH m, x, r, collect(DISTINCT o.id) AS owners
RETURN m.id AS model, m.version AS version, m.eol_at AS eol_at, labels(x)[0] + ':' + x.id AS user, owners, coalesce(r.sources, []) AS sources
ORDER BY model, user, sources
