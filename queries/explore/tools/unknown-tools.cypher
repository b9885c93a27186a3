// title: Tools of unknown effect
// question: Of which tools does nobody know what a call can do, and what has their server that they could use?
// when: They count as able to do all that their server can; to describe them makes the picture smaller.
// parameters:
//   limit: {type: integer, default: 200, meaning: How many rows at most}
// columns:
//   server: Id of the server
//   tools: How many such tools it provides
//   examples: Some of them
//   means: Identities and secrets the server has
//   agents: How many agents connect to it
//   sources: Where the server was stated
MATCH (v:ToolServer)-[p:PROVIDES]->(t:Tool)
WHERE v.gone_at IS NULL AND p.gone_at IS NULL AND t.gone_at IS NULL AND t.effects IS NULL
WITH v, t ORDER BY t.id
WITH v, count(DISTINCT t.id) AS tools, collect(DISTINCT t.id)[0..3] AS examples
OPTIONAL MATCH (v)-[r:RUNS_AS|HOLDS]->(x)
WHERE r.gone_at IS NULL AND x.gone_at IS NULL
WITH v, tools, examples, labels(x)[0] + ':' + x.id AS means ORDER BY means
WITH v, tools, examples, collect(DISTINCT means) AS means
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL
WITH v, tools, examples, means, count(DISTINCT a.id) AS agents
RETURN v.id AS server, tools, examples, means, agents, coalesce(v.sources, []) AS sources
ORDER BY size(means) DESC, agents DESC, server
LIMIT $limit
