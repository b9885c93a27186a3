// title: Who can become an identity
// question: Who can act as this identity, directly, by a secret, or over roles and groups in between?
// when: Before rights are given to it; when its name shows up in a log.
// parameters:
//   identity: {type: text, of: [Identity], meaning: Id or name of the identity}
// columns:
//   kind: Kind of who can
//   id: Its id
//   step: The edge by which
//   between: Identities between it and the one asked about
//   conditions: Conditions on the way
//   sources: Where the first step was stated
MATCH (i:Identity)
WHERE (i.id = $identity OR i.name = $identity) AND i.gone_at IS NULL
MATCH path = (j:Identity)-[m:ASSUMES|MEMBER_OF*0..4]->(i)
WHERE all(one IN m WHERE one.gone_at IS NULL)
MATCH (x)-[r:RUNS_AS|AUTHENTICATES_AS]->(j)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL
RETURN labels(x)[0] AS kind, x.id AS id, type(r) AS step, [n IN nodes(path) WHERE n.id <> i.id | n.id] AS between,
       [one IN m WHERE one.condition IS NOT NULL | one.condition] AS conditions, coalesce(r.sources, []) AS sources
ORDER BY size(between), kind, id, step, sources
LIMIT 1000
