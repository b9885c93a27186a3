// title: Somebody left
// question: This person left. What did they own, approve or act as, and who is left to answer for it?
// when: On the day they leave; nothing of theirs should go on by itself.
// parameters:
//   owner: {type: text, of: [Owner, Identity], meaning: "Id, name or e-mail address of the person"}
// columns:
//   step: What to do
//   kind: Kind of what it is done to
//   id: Its id
//   name: Its name
//   others: Others who own it
//   sources: Where that was stated
CALL {
  MATCH (o:Owner)
  WHERE o.id = $owner OR o.name = $owner OR o.email = $owner
  MATCH (o)-[w:OWNS]->(n)
  WHERE w.gone_at IS NULL AND n.gone_at IS NULL
  OPTIONAL MATCH (p:Owner)-[v:OWNS]->(n)
  WHERE p.gone_at IS NULL AND v.gone_at IS NULL AND p.id <> o.id AND NOT coalesce(p.status, 'unknown') IN ['left', 'disabled']
  WITH n, w, p ORDER BY p.id
  WITH n, w, collect(DISTINCT p.id) AS others
  RETURN CASE WHEN size(others) = 0 THEN '1 find an owner' ELSE '4 take the name out' END AS step, labels(n)[0] AS kind, n.id AS id,
         n.name AS name, others, coalesce(w.sources, []) AS sources
  UNION
  MATCH (i:Identity)
  WHERE (i.id = $owner OR i.name = $owner) AND i.gone_at IS NULL
  RETURN '2 disable the account' AS step, 'Identity' AS kind, i.id AS id, i.name AS name, [] AS others, coalesce(i.sources, []) AS sources
  UNION
  MATCH (i:Identity)
  WHERE i.id = $owner OR i.name = $owner
  MATCH (s:Secret)-[u:AUTHENTICATES_AS]->(i)
  WHERE s.gone_at IS NULL AND u.gone_at IS NULL
  RETURN '2 revoke the secret' AS step, 'Secret' AS kind, s.id AS id, s.name AS name, [] AS others, coalesce(s.sources, []) AS sources
  UNION
  MATCH (a:Agent)-[u:USES|CONNECTS_TO]->(t:Tool|ToolServer)
  WHERE u.approved_by = $owner AND a.gone_at IS NULL AND u.gone_at IS NULL AND t.gone_at IS NULL
  RETURN '3 approve again' AS step, labels(t)[0] AS kind, t.id AS id, t.name AS name, ['Agent:' + a.id] AS others, coalesce(u.sources, []) AS sources
}
RETURN step, kind, id, name, others, sources
ORDER BY step, kind, id, sources
