// title: An identity is taken over
// question: Somebody acts as this identity. Which agents and servers does that touch, which secrets lead to it, and what does it open?
// when: When a provider reports strange activity of a role or account.
// parameters:
//   identity: {type: text, of: [Identity], meaning: Id or name of the identity}
// columns:
//   part: What the row is about
//   kind: Kind of it
//   id: Its id
//   name: Its name
//   actions: What can be done to it
//   between: Identities in between
//   sources: Where that was stated
MATCH (i:Identity)
WHERE (i.id = $identity OR i.name = $identity) AND i.gone_at IS NULL
CALL {
  WITH i
  MATCH (x)-[r:RUNS_AS]->(i)
  WHERE r.gone_at IS NULL AND x.gone_at IS NULL
  RETURN '1 may have been the way in, and stops working' AS part, x AS n, [] AS actions, [] AS between, coalesce(r.sources, []) AS sources
  UNION
  WITH i
  MATCH (s:Secret)-[r:AUTHENTICATES_AS]->(i)
  WHERE r.gone_at IS NULL AND s.gone_at IS NULL
  RETURN '2 revoke the secret' AS part, s AS n, [] AS actions, [] AS between, coalesce(r.sources, []) AS sources
  UNION
  WITH i
  MATCH path = (i)-[m:ASSUMES|MEMBER_OF*0..4]->(j:Identity)
  WHERE all(one IN m WHERE one.gone_at IS NULL)
  MATCH (j)-[r:CAN_ACCESS]->(t)
  WHERE r.gone_at IS NULL AND t.gone_at IS NULL
  RETURN '3 it opens' AS part, t AS n, coalesce(r.actions, []) AS actions, [one IN nodes(path) WHERE one.id <> i.id | one.id] AS between,
         coalesce(r.sources, []) AS sources
}
RETURN part, labels(n)[0] AS kind, n.id AS id, n.name AS name, actions, between, sources
ORDER BY part, size(between), kind, id, size(actions) DESC, sources
LIMIT 1000
