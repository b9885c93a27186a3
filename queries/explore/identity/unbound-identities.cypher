// title: Identities that are not bound to a runtime
// question: Which identities can be used by whoever has the credential, from anywhere, and who uses them?
// when: To plan workload identity; a stolen credential of these works elsewhere.
// parameters:
//   unknown: {type: boolean, default: false, meaning: Also those of which no source says how they are bound}
// columns:
//   identity: Its id
//   type: What it is
//   provider: Who issues it
//   binding: How it is bound
//   users: What runs as it
//   sources: Where it was stated
MATCH (i:Identity)
WHERE i.gone_at IS NULL AND (i.binding IN ['none', 'bearer'] OR ($unknown AND i.binding IS NULL))
MATCH (x)-[r:RUNS_AS]->(i)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL
WITH i, labels(x)[0] + ':' + x.id AS user ORDER BY user
WITH i, collect(DISTINCT user) AS users
RETURN i.id AS identity, coalesce(i.type, 'unknown') AS type, coalesce(i.provider, 'unknown') AS provider,
       coalesce(i.binding, 'unknown') AS binding, users, coalesce(i.sources, []) AS sources
ORDER BY size(users) DESC, identity
