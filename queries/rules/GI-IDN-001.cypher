// id: GI-IDN-001
// title: Shared workload identity
// finding: "{subject} is the identity of {parties} agents"
// severity: high
// base: 7
// modifiers: [M2, LACK]
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
//   - Agents that run in one place have its identity, and share the place as well; they count as one
// columns: {agents: Ids of the agents, parties: "How many distinct ones, replicas and those in one place counted once", owners: Their owners}
MATCH p = (a:Agent)-[d:RUNS_AS|RUNS_ON*1..2]->(i:Identity)
// An agent has the identity of what it runs on as well, unless it is shut off from it
WHERE a.gone_at IS NULL AND i.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND coalesce(i.type, 'unknown') <> 'human'
  AND NOT coalesce(i.status, 'unknown') IN ['disabled', 'suspended', 'retired']
  AND all(one IN d WHERE one.gone_at IS NULL AND coalesce(one.isolated, false) = false
    AND (one.valid_from IS NULL OR one.valid_from <= $at)
    AND (one.valid_until IS NULL OR one.valid_until > $at OR one.renewable = true))
WITH a, i, CASE WHEN length(p) = 1 THEN a.id ELSE nodes(p)[1].id END AS place, EXISTS {
    MATCH (g:EnforcementPoint)
    WHERE g.gone_at IS NULL AND g.mode = 'enforce' AND g.distinguishes = 'agent' AND any(one IN d WHERE g.id IN coalesce(one.guards, []))
  } AS told,
     reduce(least = 1.0, one IN d | CASE WHEN one.confidence < least THEN one.confidence ELSE least END) AS sure
OPTIONAL MATCH (o:Owner)-[w:OWNS]->(a)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL
  AND (w.valid_from IS NULL OR w.valid_from <= $at)
  AND (w.valid_until IS NULL OR w.valid_until > $at)
WITH a, i, place, told, sure, o ORDER BY o.id
WITH a, i, place, told, sure, collect(DISTINCT o.id) AS own,
     coalesce(head([l IN coalesce(a.labels, []) WHERE toLower(l) STARTS WITH 'blueprint='
                    AND NOT toLower(l) IN ['blueprint=', 'blueprint=unknown', 'blueprint=none', 'blueprint=default']]), a.id) AS party
ORDER BY sure DESC, a.id, place
WITH i, collect(party) AS ways, collect(sure) AS sures, collect(DISTINCT a.id) AS agents, count(DISTINCT party) AS distinct_agents, count(DISTINCT place) AS places, collect(own) AS lists,
     count(DISTINCT CASE WHEN size(own) > 0 THEN own END) AS ownerships,
     count(DISTINCT CASE WHEN a.environment <> 'unknown' THEN a.environment END) AS environments,
     count(DISTINCT a.autonomy) AS autonomies,
     sum(CASE WHEN told THEN 0 ELSE 1 END) AS untold
// Those that run in one place are one to whoever checks, as they are to the place
WITH i, ways, sures, agents, lists, ownerships, environments, autonomies, untold, CASE WHEN places < distinct_agents THEN places ELSE distinct_agents END AS parties
WHERE parties >= $agents
RETURN 'Identity' AS subject_kind, i.id AS subject_id, agents, parties,
       reduce(every = [], one IN lists | every + one) AS owners,
       // As sure as it is that there is a second one
       coalesce(head([n IN range(1, size(ways) - 1) WHERE ways[n] <> ways[0] | sures[n]]), 1.0) AS confidence,
       [m IN [
         CASE WHEN parties >= 10 THEN '+2 ten agents or more share it' WHEN parties >= 5 THEN '+1 five agents or more share it' END,
         CASE WHEN ownerships > 1 OR environments > 1 OR autonomies > 1 THEN '+1 they differ in owner, environment or autonomy' END,
         CASE WHEN untold = 0 THEN '-2 an enforcing point tells the agents apart on every way to it' END
       ] WHERE m IS NOT NULL] AS modifiers
