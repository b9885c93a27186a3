// id: GI-SEC-001
// title: Static long-lived secret
// finding: "{subject} holds {target}, {life}"
// severity: medium
// base: 5
// modifiers: [M1, M2, LACK]
// why: >
//   A secret that does not expire is as good for a thief as for its holder, from the day it leaks until somebody notices.
// remediation: >
//   Replace it by a workload identity or a short-lived token; where that is not possible, give it an end, narrow scopes and a condition
//   on where it may be used from.
// frameworks: ["NHI7:2025", "MCP01:2025", ASI03, AML.T0055, PR.AA-01, MAESTRO-L7.03, CIS-5.5]
// needs: [HOLDS, Secret.lifetime|Secret.expires_at]
// unknown: no source states how long the secret lives
// parameters:
//   days: {type: integer, default: 90, meaning: How many days a secret may live}
//   harmless: {type: list, default: [publishable, public, test, hsm], meaning: "Words in a secret's type that make it none to worry about"}
// traps:
//   - Keys that are meant to be public, and keys of a test system
//   - Signing roots that cannot leave their HSM
//   - A path in a vault that looks static and gives out short-lived secrets
//   - What lies among tests
// columns: {life: How long it lives, place: Where it lies, type: What it is}
MATCH (h:Agent|ToolServer|Tool|Workflow|Runtime|Memory)-[r:HOLDS]->(s:Secret)
WHERE h.gone_at IS NULL AND r.gone_at IS NULL AND s.gone_at IS NULL
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND none(word IN $harmless WHERE ('_' + toLower(replace(coalesce(s.type, ''), '-', '_')) + '_') CONTAINS ('_' + word + '_'))
WITH h, r, s,
     CASE
       WHEN s.ttl_seconds IS NOT NULL AND s.ttl_seconds <= $days * 86400 THEN 'short'
       WHEN s.max_life_seconds IS NOT NULL AND s.max_life_seconds <= $days * 86400 THEN 'short'
       WHEN s.expires_at IS NULL AND s.lifetime = 'static' AND s.max_life_seconds IS NOT NULL
         THEN 'which may live for ' + toString(s.max_life_seconds / 86400) + ' days'
       WHEN s.expires_at IS NULL AND s.lifetime = 'static' THEN 'which never expires'
       WHEN s.expires_at IS NULL AND s.lifetime IS NULL THEN 'unknown'
       WHEN s.expires_at IS NULL THEN 'short'
       WHEN s.lifetime = 'ephemeral' AND s.renewable = true THEN 'short'
       WHEN datetime(s.expires_at).epochSeconds - datetime(coalesce(s.issued_at, $at)).epochSeconds > $days * 86400
         THEN 'which lives until ' + substring(s.expires_at, 0, 10)
       WHEN s.issued_at IS NULL AND coalesce(s.lifetime, 'unknown') <> 'ephemeral' THEN 'unknown'
       ELSE 'short'
     END AS life,
     (datetime($at).epochSeconds - datetime(coalesce(s.rotated_at, s.issued_at, $at)).epochSeconds) / 31557600 AS years
WHERE life <> 'short'
RETURN labels(h)[0] AS subject_kind, h.id AS subject_id, 'Secret' AS target_kind, s.id AS target_id,
       life = 'unknown' AS unknown, life, r.place AS place, s.type AS type,
       [m IN [
         CASE WHEN years >= 2 THEN '+2 unchanged for two years or more' WHEN years >= 1 THEN '+1 unchanged for a year' END,
         CASE WHEN h.autonomy = 'autonomous' THEN '+1 its holder acts without asking' END,
         CASE WHEN size(coalesce(r.sources, [])) > 0
                   AND all(one IN r.sources WHERE one CONTAINS '/fixtures/' OR one CONTAINS '/testdata/'
                                               OR one CONTAINS '/test/' OR one CONTAINS '/tests/' OR one CONTAINS '/__tests__/')
           THEN '-3 it lies among tests' END
       ] WHERE m IS NOT NULL] AS modifiers
