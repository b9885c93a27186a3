// title: Memories that strangers can write to
// question: Which memories are written by agents that take in content of strangers, and who reads them later?
// when: An order planted today acts in another agent tomorrow.
// columns:
//   memory: Its id
//   scope: How far it is shared
//   writers: Agents that take in content of strangers and write to it
//   readers: Other agents and workflows that read it
//   sources: Where the memory was stated
CALL {
  MATCH (c:ContentSource {trust: 'untrusted'})<-[r:INGESTS]-(a:Agent)-[w:WRITES]->(m:Memory)
  WHERE r.gone_at IS NULL AND a.gone_at IS NULL AND w.gone_at IS NULL AND m.gone_at IS NULL
  RETURN m, a.id AS writer
  UNION
  MATCH (m:Memory)<-[w:WRITES]-(a:Agent)-[u:USES]->(t:Tool {ingests_untrusted: true})
  WHERE m.gone_at IS NULL AND w.gone_at IS NULL AND a.gone_at IS NULL AND u.gone_at IS NULL AND t.gone_at IS NULL
  RETURN m, a.id AS writer
  UNION
  MATCH (m:Memory)<-[w:WRITES]-(a:Agent)-[c:CONNECTS_TO]->(v:ToolServer)-[p:PROVIDES]->(t:Tool {ingests_untrusted: true})
  WHERE m.gone_at IS NULL AND w.gone_at IS NULL AND a.gone_at IS NULL AND c.gone_at IS NULL AND v.gone_at IS NULL AND p.gone_at IS NULL
    AND t.gone_at IS NULL AND (c.tools IS NULL OR t.id IN c.tools OR t.name IN c.tools)
  RETURN m, a.id AS writer
}
WITH m, writer ORDER BY writer
WITH m, collect(DISTINCT writer) AS writers
MATCH (x)-[r:READS]->(m)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL AND NOT (labels(x)[0] = 'Agent' AND writers = [x.id])
WITH m, writers, labels(x)[0] + ':' + x.id AS reader ORDER BY reader
WITH m, writers, collect(DISTINCT reader) AS readers
RETURN m.id AS memory, coalesce(m.scope, 'unknown') AS scope, writers, readers, coalesce(m.sources, []) AS sources
ORDER BY size(readers) DESC, memory
