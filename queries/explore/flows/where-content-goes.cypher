// title: Where content from a source goes
// question: Which agents does a text from this source get to, directly, by a tool, a memory or a hand-over?
// when: Something malicious was found there; to know which agents have read it.
// parameters:
//   source: {type: text, of: [ContentSource], meaning: Id or name of the content source}
// columns:
//   agent: Id of who gets it
//   how: By which way
//   from: "What hands it on, as Kind:id"
//   impact: "What the agent could do, 0 to 100"
//   sources: Where that step was stated
CALL {
  MATCH (c:ContentSource)<-[r:INGESTS]-(x:Agent)
  WHERE (c.id = $source OR c.name = $source) AND r.gone_at IS NULL AND x.gone_at IS NULL
  RETURN x AS a, '1 reads it' AS how, 'ContentSource:' + c.id AS from, coalesce(r.sources, []) AS sources
  UNION
  MATCH (c:ContentSource)<-[i:INGESTS]-(t:Tool)<-[r:USES]-(x:Agent)
  WHERE (c.id = $source OR c.name = $source) AND i.gone_at IS NULL AND t.gone_at IS NULL AND r.gone_at IS NULL AND x.gone_at IS NULL
  RETURN x AS a, '2 by a tool' AS how, 'Tool:' + t.id AS from, coalesce(r.sources, []) AS sources
  UNION
  MATCH (c:ContentSource)<-[i:INGESTS]-(t:Tool)<-[p:PROVIDES]-(v:ToolServer)<-[r:CONNECTS_TO]-(x:Agent)
  WHERE (c.id = $source OR c.name = $source) AND i.gone_at IS NULL AND t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL
    AND r.gone_at IS NULL AND x.gone_at IS NULL AND (r.tools IS NULL OR t.id IN r.tools OR t.name IN r.tools)
  RETURN x AS a, '2 by a tool' AS how, 'Tool:' + t.id AS from, coalesce(r.sources, []) AS sources
  UNION
  MATCH (c:ContentSource)<-[i:INGESTS]-(x:Agent)-[w:WRITES]->(m:Memory)<-[r:READS]-(y:Agent)
  WHERE (c.id = $source OR c.name = $source) AND i.gone_at IS NULL AND x.gone_at IS NULL AND w.gone_at IS NULL AND m.gone_at IS NULL
    AND r.gone_at IS NULL AND y.gone_at IS NULL AND y.id <> x.id
  RETURN y AS a, '3 by a memory' AS how, 'Memory:' + m.id AS from, coalesce(r.sources, []) AS sources
  UNION
  MATCH (c:ContentSource)<-[i:INGESTS]-(x:Agent)-[r:DELEGATES_TO]->(y:Agent)
  WHERE (c.id = $source OR c.name = $source) AND i.gone_at IS NULL AND x.gone_at IS NULL AND r.gone_at IS NULL AND y.gone_at IS NULL
  RETURN y AS a, '4 handed on' AS how, 'Agent:' + x.id AS from, coalesce(r.sources, []) AS sources
}
RETURN a.id AS agent, how, from, round(a.impact, 1) AS impact, sources
ORDER BY how, agent, from, sources
