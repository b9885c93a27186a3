// title: One identity in several environments
// question: Which identities are used by agents, tools or servers of more than one environment?
// when: What is broken into in development is then broken into in production.
// columns:
//   identity: Its id
//   environments: Where it is used
//   users: What runs as it
//   sources: Where it was stated
MATCH (x)-[r:RUNS_AS]->(i:Identity)
WHERE x.gone_at IS NULL AND r.gone_at IS NULL AND i.gone_at IS NULL AND coalesce(x.environment, 'unknown') <> 'unknown'
WITH i, x.environment AS environment, labels(x)[0] + ':' + x.id AS user ORDER BY environment, user
WITH i, collect(DISTINCT environment) AS environments, collect(DISTINCT user) AS users
WHERE size(environments) > 1
RETURN i.id AS identity, environments, users, coalesce(i.sources, []) AS sources
ORDER BY identity
