// title: Secrets within an agent's reach
// question: Which secrets that it does not hold itself could an agent read, and how?
// when: To find the credentials to rotate after an agent was hijacked; to see what a shared server gives away.
// parameters:
//   lens: {type: text, default: posture, values: [posture, ungoverned, runtime], meaning: Under which lens}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   secret: Its id
//   type: What it is
//   lifetime: "static, ephemeral or unknown"
//   agents: How many agents reach it without holding it
//   examples: Some of them
//   via: What lies between the first of them and the secret
MATCH (a:Agent)-[r:CAN_REACH {lens: $lens}]->(s:Secret)
WHERE NOT EXISTS { MATCH (a)-[h:HOLDS]->(s) WHERE h.gone_at IS NULL }
WITH s, a, r ORDER BY r.hops, a.id
WITH s, collect(a.id) AS agents, collect(r.via)[0] AS via
RETURN s.id AS secret, coalesce(s.type, 'unknown') AS type, coalesce(s.lifetime, 'unknown') AS lifetime, size(agents) AS agents,
       agents[0..3] AS examples, via
ORDER BY agents DESC, secret
LIMIT $limit
