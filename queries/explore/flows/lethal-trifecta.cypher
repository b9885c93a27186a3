// title: Strangers' text, private data and a way out
// question: Which agents take in content of strangers, read sensitive data, and can send something out, all by themselves?
// when: Any two of the three can be lived with; take one away from each of these.
// parameters:
//   limit: {type: integer, default: 200, meaning: How many rows at most}
// columns:
//   agent: Its id
//   reads: Sources of strangers that it takes in
//   private: How many confidential or restricted things it can read
//   ways_out: Tools that send something out
//   owners: Its owners
//   sources: Where the agent was stated
MATCH (a:Agent)-[r:CAN_REACH {lens: 'posture'}]->(t:Resource)
WHERE a.gone_at IS NULL AND t.sensitivity IN ['confidential', 'restricted'] AND ('read' IN r.actions OR 'admin' IN r.actions)
WITH a, count(DISTINCT t.id) AS private
WHERE (EXISTS { MATCH (a)-[r:INGESTS]->(c:ContentSource {trust: 'untrusted'}) WHERE c.gone_at IS NULL AND r.gone_at IS NULL }
    OR EXISTS { MATCH (a)-[r:USES]->(t:Tool {ingests_untrusted: true}) WHERE t.gone_at IS NULL AND r.gone_at IS NULL }
    OR EXISTS {
      MATCH (a)-[r:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool {ingests_untrusted: true})
      WHERE t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL AND r.gone_at IS NULL
        AND (r.tools IS NULL OR t.id IN r.tools OR t.name IN r.tools) })
  AND (EXISTS { MATCH (a)-[r:USES]->(t:Tool) WHERE 'egress' IN t.effects AND t.gone_at IS NULL AND r.gone_at IS NULL }
    OR EXISTS {
      MATCH (a)-[r:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool)
      WHERE 'egress' IN t.effects AND t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL AND r.gone_at IS NULL
        AND (r.tools IS NULL OR t.id IN r.tools OR t.name IN r.tools) })
WITH a, private ORDER BY private DESC, a.id LIMIT $limit
CALL {
  WITH a
  MATCH (a)-[r:INGESTS]->(c:ContentSource {trust: 'untrusted'})
  WHERE c.gone_at IS NULL AND r.gone_at IS NULL
  RETURN c.id AS source, '' AS out
  UNION
  WITH a
  MATCH (a)-[r:USES]->(t:Tool)
  WHERE (t.ingests_untrusted = true OR 'egress' IN t.effects) AND t.gone_at IS NULL AND r.gone_at IS NULL
  RETURN CASE WHEN t.ingests_untrusted THEN t.id ELSE '' END AS source, CASE WHEN 'egress' IN t.effects THEN t.id ELSE '' END AS out
  UNION
  WITH a
  MATCH (a)-[r:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool)
  WHERE (t.ingests_untrusted = true OR 'egress' IN t.effects) AND t.gone_at IS NULL AND p.gone_at IS NULL AND v.gone_at IS NULL
    AND r.gone_at IS NULL AND (r.tools IS NULL OR t.id IN r.tools OR t.name IN r.tools)
  RETURN CASE WHEN t.ingests_untrusted THEN t.id ELSE '' END AS source, CASE WHEN 'egress' IN t.effects THEN t.id ELSE '' END AS out
}
WITH a, private, source, out ORDER BY source, out
WITH a, private, collect(DISTINCT CASE WHEN source <> '' THEN source END) AS reads,
     collect(DISTINCT CASE WHEN out <> '' THEN out END) AS ways_out
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH a, reads, ways_out, private, o ORDER BY o.id
WITH a, reads, ways_out, private, collect(DISTINCT o.id) AS owners
RETURN a.id AS agent, reads, private, ways_out, owners, coalesce(a.sources, []) AS sources
ORDER BY private DESC, agent
