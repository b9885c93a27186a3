// id: GI-LIF-001
// title: Agent out of service with live access
// finding: "{subject} is {status} and {how} {target}"
// severity: high
// base: 7
// modifiers: [M1, M2]
// why: >
//   Nobody watches an agent that is out of service; whoever finds what it left behind has its access and is not missed.
// remediation: >
//   Revoke the secret, disable or delete the identity, and close the edges with the day on which it was taken out of service.
// frameworks: ["NHI1:2025", "NHI7:2025", GOVERN 1.7, MANAGE 2.4, ASI10, ID.AM-08, PR.AA-01, CIS-6.2, IAM-03, AML.T0012]
// needs: [Agent.status|Workflow.status, HOLDS|RUNS_AS]
// traps:
//   - Its secret went to a successor, and only the old edge was not closed
//   - An identity that is kept disabled, as the law may ask
// columns:
//   status: State of its life cycle
//   how: What it still has
//   successors: "Agents in service that hold the same secret; where they are many, the first hundred"
//   last_used: When the secret was last used
MATCH (s:Secret)
// The secret first: who else holds a shared one is asked once, not once for each of those out of service
WHERE s.gone_at IS NULL AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
// What only opens accounts that are switched off opens nothing
OPTIONAL MATCH (s)-[u:AUTHENTICATES_AS]->(j:Identity)
WHERE j.gone_at IS NULL AND u.gone_at IS NULL
  AND (u.valid_until IS NULL OR u.valid_until > $at OR u.renewable = true)
WITH s, count(j) AS accounts, sum(CASE WHEN j.status IN ['disabled', 'suspended', 'retired'] THEN 1 ELSE 0 END) AS off
WHERE accounts = 0 OR off < accounts
OPTIONAL MATCH (b:Agent|Workflow)-[x:HOLDS]->(s)
WHERE b.gone_at IS NULL AND x.gone_at IS NULL
  AND NOT coalesce(b.status, 'unknown') IN ['suspended', 'retired']
  AND (x.valid_from IS NULL OR x.valid_from <= $at)
  AND (x.valid_until IS NULL OR x.valid_until > $at OR x.renewable = true)
WITH s, b ORDER BY b.id
WITH s, collect(DISTINCT b.id) AS everybody
WITH s, everybody[0..100] AS successors
MATCH (a:Agent|Workflow)-[r:HOLDS]->(s)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND a.status IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH DISTINCT a, s, successors
RETURN labels(a)[0] AS subject_kind, a.id AS subject_id, 'Secret' AS target_kind, s.id AS target_id,
       a.status AS status, 'still holds' AS how, successors, s.last_used AS last_used,
       CASE WHEN size(successors) > 0 THEN 0.5 ELSE 1.0 END AS confidence,
       [m IN [
         CASE WHEN s.last_used > a.status_since THEN '+1 it was used since then' END
       ] WHERE m IS NOT NULL] AS modifiers
UNION
MATCH (a:Agent|Workflow)-[r:RUNS_AS]->(i:Identity)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND i.gone_at IS NULL
  AND a.status IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  AND NOT coalesce(i.status, 'unknown') IN ['disabled', 'suspended', 'retired']
  AND EXISTS {
    MATCH (i)-[g:CAN_ACCESS|ASSUMES|MEMBER_OF]->(t)
    WHERE g.gone_at IS NULL AND t.gone_at IS NULL
      AND NOT coalesce(t.status, 'unknown') IN ['disabled', 'suspended', 'retired']
      AND (g.valid_from IS NULL OR g.valid_from <= $at)
      AND (g.valid_until IS NULL OR g.valid_until > $at OR g.renewable = true)
      // Of a role or a group, where its grants are known, one has to be left
      AND (NOT EXISTS { MATCH (t)-[:CAN_ACCESS]->() }
           OR EXISTS {
             MATCH (t)-[k:CAN_ACCESS|ASSUMES|MEMBER_OF]->(q)
             WHERE k.gone_at IS NULL AND q.gone_at IS NULL AND (k.valid_from IS NULL OR k.valid_from <= $at)
               AND (k.valid_until IS NULL OR k.valid_until > $at OR k.renewable = true)
           })
  }
RETURN DISTINCT labels(a)[0] AS subject_kind, a.id AS subject_id, 'Identity' AS target_kind, i.id AS target_id,
       a.status AS status, 'still runs as' AS how, null AS successors, null AS last_used, 1.0 AS confidence, null AS modifiers
