// title: Crown jewels and who reaches them
// question: How many agents reach each crown jewel, and from how many would a runtime decision keep it?
// when: The first page of a report; to see which jewel stands most open.
// columns:
//   resource: Its id
//   sensitivity: How sensitive it is
//   agents: How many agents reach it in the worst case
//   ungoverned: How many of them with no decision in the way
//   runtime: How many decisions leave
//   nearest: Length of the shortest way to it
//   owners: Its owners
//   sources: Where it was stated
MATCH (t:Resource {crown_jewel: true})
WHERE t.gone_at IS NULL
OPTIONAL MATCH (a:Agent)-[r:CAN_REACH]->(t)
WITH t, count(DISTINCT CASE WHEN r.lens = 'posture' THEN a.id END) AS agents,
     count(DISTINCT CASE WHEN r.lens = 'ungoverned' THEN a.id END) AS ungoverned,
     count(DISTINCT CASE WHEN r.lens = 'runtime' THEN a.id END) AS runtime, min(r.hops) AS nearest
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(t)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH t, agents, ungoverned, runtime, nearest, o ORDER BY o.id
WITH t, agents, ungoverned, runtime, nearest, collect(DISTINCT o.id) AS owners
RETURN t.id AS resource, coalesce(t.sensitivity, 'unknown') AS sensitivity, agents, ungoverned, runtime, nearest, owners,
       coalesce(t.sources, []) AS sources
ORDER BY ungoverned DESC, agents DESC, resource
