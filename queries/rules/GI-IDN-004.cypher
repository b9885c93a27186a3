// id: GI-IDN-004
// title: Agent without an identity of its own
// finding: "{subject} has no identity of its own and acts by {by}"
// severity: medium
// base: 6
// modifiers: [M2, M5, LACK]
// why: >
//   Whoever it calls sees a key and not an agent: nothing can be decided for this agent, and its key is its only name.
// remediation: >
//   Give it an identity first, bound to where it runs, then take the keys away.
// frameworks: ["NHI4:2025", ASI03, PR.AA-01, ID.AM-02, CIS-5.1, IAM-03]
// needs: [Agent, HOLDS, Secret.lifetime, RUNS_AS]
// traps:
//   - Its identity is known to a source that was not read, so that no agent has one
//   - A sub-agent that runs inside its caller has the caller's identity
//   - What runs on a runtime that is not shut off from it has the runtime's identity
// columns: {by: What it acts by, count: How many static secrets it holds, secrets: Which}
MATCH (a:Agent)-[r:HOLDS]->(s:Secret)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND s.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND s.lifetime = 'static'
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
WITH a, s, coalesce(r.confidence, 1.0) AS sure ORDER BY s.id
WITH a, collect(DISTINCT s.id) AS secrets, max(sure) AS confidence
WHERE NOT EXISTS {
    MATCH (a)-[way:RUNS_AS|RUNS_ON*1..2]->(i:Identity)
    WHERE i.gone_at IS NULL
      AND all(one IN way WHERE one.gone_at IS NULL AND coalesce(one.isolated, false) = false
        AND (one.valid_from IS NULL OR one.valid_from <= $at)
        AND (one.valid_until IS NULL OR one.valid_until > $at OR one.renewable = true))
  }
  AND NOT EXISTS {
    MATCH (a)<-[d:DELEGATES_TO]-(c:Agent)-[theirs:RUNS_AS|RUNS_ON*1..2]->(k:Identity)
    WHERE c.gone_at IS NULL AND d.gone_at IS NULL AND k.gone_at IS NULL AND c.framework = a.framework
      AND NOT coalesce(c.status, 'unknown') IN ['suspended', 'retired']
      AND (d.valid_until IS NULL OR d.valid_until > $at OR d.renewable = true)
      AND all(one IN theirs WHERE one.gone_at IS NULL AND coalesce(one.isolated, false) = false
        AND (one.valid_from IS NULL OR one.valid_from <= $at)
        AND (one.valid_until IS NULL OR one.valid_until > $at OR one.renewable = true))
  }
RETURN 'Agent' AS subject_kind, a.id AS subject_id, size(secrets) AS count, secrets, confidence,
       CASE WHEN size(secrets) = 1 THEN 'one static secret' ELSE toString(size(secrets)) + ' static secrets' END AS by
