// title: What people who left still own
// question: What belongs only to people who have left or are disabled?
// when: Each month, and after a reorganisation.
// columns:
//   kind: Kind of what is owned
//   id: Its id
//   owners: Those who left
//   risk: "0 to 100, of agents"
//   sources: Where the ownership was stated
MATCH (o:Owner)-[w:OWNS]->(n)
WHERE o.status IN ['left', 'disabled'] AND o.gone_at IS NULL AND w.gone_at IS NULL AND n.gone_at IS NULL
  AND NOT EXISTS {
    MATCH (n)<-[v:OWNS]-(p:Owner)
    WHERE p.gone_at IS NULL AND v.gone_at IS NULL AND NOT coalesce(p.status, 'unknown') IN ['left', 'disabled']
  }
WITH n, o, w ORDER BY o.id, w.sources[0]
WITH n, collect(DISTINCT o.id) AS owners, collect(w.sources[0]) AS sources
RETURN labels(n)[0] AS kind, n.id AS id, owners, round(n.risk, 1) AS risk, sources
ORDER BY risk DESC, kind, id
