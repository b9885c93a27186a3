// title: Renewal chains
// question: Which short-lived credentials are made from which long-lived ones, over how many steps?
// when: To see what a token that "lives an hour" really rests on, and what has to be revoked to end it.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   secret: Id of the credential
//   root: Id of the one that all is made from
//   steps: How many steps
//   via: How each step is made
//   root_lifetime: "static, ephemeral or unknown"
//   root_revocable: "Whether a call that revokes the root is known"
//   holders: What holds the credential
//   sources: Where the last step was stated
MATCH path = (s:Secret)-[d:DERIVED_FROM*1..6]->(root:Secret)
WHERE s.gone_at IS NULL AND root.gone_at IS NULL AND all(one IN d WHERE one.gone_at IS NULL)
  AND NOT EXISTS { MATCH (root)-[e:DERIVED_FROM]->(:Secret) WHERE e.gone_at IS NULL }
  AND NOT EXISTS { MATCH (s)<-[e:DERIVED_FROM]-(:Secret) WHERE e.gone_at IS NULL }
WITH s, root, d ORDER BY size(d) DESC, s.id, root.id LIMIT $limit
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
WITH s, root, d, labels(h)[0] + ':' + h.id AS holder ORDER BY holder
WITH s, root, d, collect(DISTINCT holder) AS holders
RETURN s.id AS secret, root.id AS root, size(d) AS steps, [one IN d | coalesce(one.via, 'unknown')] AS via,
       coalesce(root.lifetime, 'unknown') AS root_lifetime,
       CASE WHEN root.revocation_hook IS NULL THEN 'unknown' WHEN root.revocation_hook THEN 'true' ELSE 'false' END AS root_revocable,
       holders, coalesce(d[0].sources, []) AS sources
ORDER BY steps DESC, secret, root, sources
