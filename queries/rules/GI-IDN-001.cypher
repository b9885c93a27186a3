// id: GI-IDN-001
// title: Shared workload identity
// finding: "{subject} is the identity of {parties} agents"
// severity: high
// base: 7
// modifiers: [M2]
// why: >
//   Whoever checks a request sees the same identity for all of these agents: permissions add up to what any of them needs, no decision can
//   tell them apart, and after an incident nobody can say which of them it was.
// remediation: >
//   Give each agent an identity of its own; until then, put the agent's name into the token and let the enforcement point decide on it.
// frameworks: ["NHI9:2025", ASI03, T9, PR.AA-01, PR.AA-02, ZT-4, MAESTRO-L7.03, C9, IAM-19, C5]
// needs: [Agent, RUNS_AS]
// parameters:
//   agents: {type: integer, default: 2, meaning: How many distinct agents make an identity shared}
// traps:
//   - Replicas of one agent share its identity on purpose; they carry the same label `blueprint=…`
//   - The old and the new version of one agent overlap while it is being replaced
//   - Agents of one blueprint have identities of their own, which are members of the blueprint's
//   - A job id that only the logs see does not tell agents apart where it is decided
// columns: {agents: Ids of the agents, parties: "How many distinct ones, replicas counted once", owners: Their owners}
MATCH (a:Agent)-[r:RUNS_AS]->(i:Identity)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND i.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND coalesce(i.type, 'unknown') <> 'human'
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH a, i, r, EXISTS {
    MATCH (g:EnforcementPoint)
    WHERE g.gone_at IS NULL AND g.id IN coalesce(r.guards, []) AND g.mode = 'enforce' AND g.distinguishes = 'agent'
  } AS told
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
WITH a, i, told, o ORDER BY o.id
WITH a, i, told, collect(DISTINCT o.id) AS own,
     coalesce(head([l IN coalesce(a.labels, []) WHERE l STARTS WITH 'blueprint=']), a.id) AS party
WITH i, collect(DISTINCT a.id) AS agents, count(DISTINCT party) AS parties, collect(own) AS lists,
     count(DISTINCT CASE WHEN size(own) > 0 THEN own END) AS ownerships,
     count(DISTINCT CASE WHEN a.environment <> 'unknown' THEN a.environment END) AS environments,
     count(DISTINCT a.autonomy) AS autonomies,
     sum(CASE WHEN told THEN 0 ELSE 1 END) AS untold
WHERE parties >= $agents
RETURN 'Identity' AS subject_kind, i.id AS subject_id, agents, parties,
       reduce(every = [], one IN lists | every + one) AS owners,
       [m IN [
         CASE WHEN parties >= 10 THEN '+2 ten agents or more share it' WHEN parties >= 5 THEN '+1 five agents or more share it' END,
         CASE WHEN ownerships > 1 OR environments > 1 OR autonomies > 1 THEN '+1 they differ in owner, environment or autonomy' END,
         CASE WHEN untold = 0 THEN '-2 an enforcing point tells the agents apart on every way to it' END
       ] WHERE m IS NOT NULL] AS modifiers
