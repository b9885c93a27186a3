// id: GI-SEC-004
// title: Cached token outlives its task
// finding: "{subject} {still}: {reason}"
// severity: medium
// base: 6
// modifiers: [M2]
// why: >
//   The work that this token was issued for is over, or it was left where it outlives the work; it still opens what it opened then.
// remediation: >
//   Revoke tokens when their task is closed, bind them to it, and keep them out of memories, logs and disks.
// frameworks: [ASI03, ASI06, T1, AML.T0091.000, AML.T0098, "MCP01:2025", "NHI7:2025", "LLM02:2026"]
// needs: [Secret, ISSUED_FOR|HOLDS.place]
// clear_needs: [ISSUED_FOR]
// unknown: no source states when the token expires
// parameters:
//   grace: {type: integer, default: 300, meaning: How many seconds a token may outlive its task}
// traps:
//   - A refresh token that was exchanged for its successor is used up; the family is judged by its newest member
//   - A token of two tasks, of which one is open
//   - A token that is bound to a key of the runtime (label `bound=dpop`, `bound=mtls` or `bound=wpt`) is worth less to a thief
// columns: {still: What is left, reason: Why it should be gone, place: Where it lies, task: The task it was issued for}
MATCH (s:Secret)-[d:DERIVED_FROM*0..12]->(o:Secret)-[i:ISSUED_FOR]->(t:Task)
WHERE s.gone_at IS NULL AND i.gone_at IS NULL AND t.gone_at IS NULL AND all(one IN d WHERE one.gone_at IS NULL)
WITH s, o, t, coalesce(t.closed_at, t.closes_at) AS ended, coalesce(i.confidence, 1.0) AS confidence
WHERE NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND (s.expires_at IS NULL OR s.renewable = true
       OR datetime(s.expires_at).epochSeconds > datetime(ended).epochSeconds + $grace)
  AND NOT EXISTS {
    MATCH (s)<-[x:DERIVED_FROM]-(n:Secret)
    WHERE n.gone_at IS NULL AND x.gone_at IS NULL AND x.via IN ['refresh', 'renew'] AND n.id <> s.id
  }
  // Its own task, where it has one, is the one that counts
  AND (o.id = s.id OR NOT EXISTS { MATCH (s)-[y:ISSUED_FOR]->(:Task) WHERE y.gone_at IS NULL })
  // None of its tasks is open
  AND NOT EXISTS {
    MATCH (o)-[z:ISSUED_FOR]->(k:Task)
    WHERE z.gone_at IS NULL AND k.gone_at IS NULL
      AND (coalesce(k.closed_at, k.closes_at) IS NULL OR coalesce(k.closed_at, k.closes_at) > $at)
  }
OPTIONAL MATCH (h)-[r:HOLDS]->(s)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH s, t, ended, confidence, h, r,
     s.expires_at IS NULL AND coalesce(s.renewable, false) = false AND coalesce(s.lifetime, 'unknown') <> 'static' AS unknown
RETURN CASE WHEN h IS NULL THEN 'Secret' ELSE labels(h)[0] END AS subject_kind,
       CASE WHEN h IS NULL THEN s.id ELSE h.id END AS subject_id,
       CASE WHEN h IS NOT NULL THEN 'Secret' END AS target_kind, CASE WHEN h IS NOT NULL THEN s.id END AS target_id,
       unknown, CASE WHEN t.closed_at IS NULL THEN 'its task was to be over by now' ELSE 'its task was closed' END AS reason,
       CASE WHEN h IS NULL THEN 'still works' ELSE 'still holds ' + coalesce(s.name, s.id) END AS still,
       r.place AS place, t.id AS task, confidence,
       [m IN [
         CASE WHEN s.last_used > ended THEN '+1 it was used after its task was over' END,
         CASE WHEN any(l IN coalesce(s.labels, []) WHERE toLower(l) IN ['bound=dpop', 'bound=mtls', 'bound=wpt'])
           THEN '-2 it is bound to a key of the runtime' END,
         CASE WHEN datetime(s.expires_at).epochSeconds - datetime($at).epochSeconds < 3600 AND s.renewable = false
           THEN '-1 it expires within the hour and cannot be renewed' END
       ] WHERE m IS NOT NULL] AS modifiers
UNION
MATCH (h)-[r:HOLDS]->(s:Secret)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL AND s.gone_at IS NULL
  AND r.place IN ['memory', 'log', 'laptop']
  // A reference: the name of a secret lies there, not the secret
  AND NOT (s.fingerprint IS NULL AND s.id STARTS WITH 'env:')
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND NOT EXISTS {
    MATCH (s)<-[x:DERIVED_FROM]-(n:Secret)
    WHERE n.gone_at IS NULL AND x.gone_at IS NULL AND x.via IN ['refresh', 'renew'] AND n.id <> s.id
  }
RETURN labels(h)[0] AS subject_kind, h.id AS subject_id, 'Secret' AS target_kind, s.id AS target_id,
       false AS unknown, CASE r.place WHEN 'laptop' THEN 'it was left on a laptop' ELSE 'it was left in a ' + r.place END AS reason, 'still holds ' + coalesce(s.name, s.id) AS still,
       r.place AS place, null AS task, 1.0 AS confidence,
       [m IN [
         CASE WHEN any(l IN coalesce(s.labels, []) WHERE toLower(l) IN ['bound=dpop', 'bound=mtls', 'bound=wpt'])
           THEN '-2 it is bound to a key of the runtime' END,
         CASE WHEN datetime(s.expires_at).epochSeconds - datetime($at).epochSeconds < 3600 AND s.renewable = false
           THEN '-1 it expires within the hour and cannot be renewed' END
       ] WHERE m IS NOT NULL] AS modifiers
