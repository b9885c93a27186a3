// title: Agents that act as people
// question: Which agents can act as a person, by running as them or by a secret of theirs?
// when: A log line with a person's name may be an agent's; that person's rights are the agent's.
// columns:
//   agent: Its id
//   person: Id of the human identity
//   how: "By running as it, or by which secret"
//   environment: Where the agent is used
//   sources: Where that was stated
CALL {
  MATCH (i:Identity {type: 'human'})<-[r:RUNS_AS]-(a:Agent)
  WHERE i.gone_at IS NULL AND r.gone_at IS NULL AND a.gone_at IS NULL
  RETURN a, i, 'runs as it' AS how, r
  UNION
  MATCH (i:Identity {type: 'human'})<-[u:AUTHENTICATES_AS]-(s:Secret)<-[r:HOLDS]-(a:Agent)
  WHERE i.gone_at IS NULL AND u.gone_at IS NULL AND s.gone_at IS NULL AND r.gone_at IS NULL AND a.gone_at IS NULL
  RETURN a, i, 'Secret:' + s.id AS how, r
}
RETURN a.id AS agent, i.id AS person, how, coalesce(a.environment, 'unknown') AS environment, coalesce(r.sources, []) AS sources
ORDER BY agent, person, how, sources
