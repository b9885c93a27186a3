// title: Secrets that expire
// question: Which secrets that cannot renew themselves expire between two times, and which agents stop working then?
// when: To renew in time; to find what is held although it has expired.
// parameters:
//   since: {type: time, default: now, meaning: Expiring after this time}
//   until: {type: time, meaning: "Expiring by this time, such as 2026-12-31"}
// columns:
//   secret: Its id
//   type: What it is
//   expires_at: When
//   agents: Agents that hold it or use a server that holds it
//   sources: Where it was stated
MATCH (s:Secret)
WHERE s.gone_at IS NULL AND s.expires_at > $since AND s.expires_at <= $until AND coalesce(s.renewable, false) = false
OPTIONAL MATCH (a:Agent)-[r:HOLDS]->(s)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL
WITH s, collect(DISTINCT a.id) AS direct
OPTIONAL MATCH (a:Agent)-[c:CONNECTS_TO]->(v:ToolServer)-[r:HOLDS]->(s)
WHERE a.gone_at IS NULL AND c.gone_at IS NULL AND v.gone_at IS NULL AND r.gone_at IS NULL
WITH s, direct, collect(DISTINCT a.id) AS through
UNWIND CASE WHEN size(direct + through) = 0 THEN [''] ELSE direct + through END AS agent
WITH s, agent ORDER BY agent
WITH s, collect(DISTINCT CASE WHEN agent <> '' THEN agent END) AS agents
RETURN s.id AS secret, coalesce(s.type, 'unknown') AS type, s.expires_at AS expires_at, agents, coalesce(s.sources, []) AS sources
ORDER BY expires_at, secret
