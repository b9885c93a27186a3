// title: Memories shared between teams
// question: Which memories do agents of different owners share?
// when: What one team's agent writes, another's believes; and reads what it should not know.
// columns:
//   memory: Its id
//   scope: How far it is shared
//   writers: Agents and workflows that write to it
//   readers: Agents and workflows that read it
//   owners: Their owners
//   sources: Where the memory was stated
MATCH (x)-[r:READS|WRITES]->(m:Memory)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL AND m.gone_at IS NULL
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(x)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH m, labels(x)[0] + ':' + x.id AS user, type(r) AS how, o.id AS owner ORDER BY user, owner
WITH m, collect(DISTINCT CASE WHEN how = 'WRITES' THEN user END) AS writers, collect(DISTINCT CASE WHEN how = 'READS' THEN user END) AS readers,
     collect(DISTINCT owner) AS owners
WHERE size(owners) > 1
RETURN m.id AS memory, coalesce(m.scope, 'unknown') AS scope, writers, readers, owners, coalesce(m.sources, []) AS sources
ORDER BY size(owners) DESC, memory
