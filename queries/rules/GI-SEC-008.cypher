// id: GI-SEC-008
// title: Token for everybody or for more than the task
// finding: "{subject} {reasons}"
// severity: medium
// base: 5
// modifiers: [M2, M5, LACK]
// why: >
//   A token that names no single receiver, or that allows more than is needed, can be passed on and used where nobody meant it.
// remediation: >
//   Ask for a token for one resource (RFC 8707), with what the task needs spelled out (RFC 9396), tool by tool.
// frameworks: ["MCP02:2025", "MCP07:2025", ASI03, "NHI5:2025", PR.AA-05, AML.T0091.000]
// needs: [Secret.audience|Secret.scopes]
// unknown: the token does not tell who it is for, or an approved tool what it needs
// parameters:
//   harmless: {type: list, default: [openid, profile, email, offline_access], meaning: Scopes that are no privilege by themselves}
//   whole: {type: list, default: ["*", admin, root, owner, sudo, cloud-platform, full_access, .default], meaning: "Last parts of scopes that mean everything, and first parts before a colon"}
//   open: {type: list, default: [jwt, id_token, service_account_token], meaning: "Words in the type of a token that says itself who it is for"}
// traps:
//   - An opaque token hides who it is for, which only its issuer can tell
//   - Scopes that only say who somebody is
//   - A tool that states what it needs (label `needs_scope=…`) and an agent that has no more than that
// columns:
//   reasons: What is wrong with it
//   audience: Who it is for
//   wide: Scopes that mean everything
//   unneeded: Scopes that no approved tool of its holders needs
MATCH (s:Secret)
WHERE s.gone_at IS NULL
  AND NOT coalesce(s.status, 'unknown') IN ['revoked', 'disabled', 'suspended', 'retired']
  AND (s.expires_at IS NULL OR s.expires_at > $at OR s.renewable = true)
  AND coalesce(datetime(s.issued_at).epochSeconds + s.max_life_seconds > datetime($at).epochSeconds, true)
  AND (s.lifetime = 'ephemeral' OR s.audience IS NOT NULL OR s.scopes IS NOT NULL)
OPTIONAL MATCH (s)<-[r:HOLDS]-(h:Agent)-[u:USES]->(t:Tool)
WHERE r.gone_at IS NULL AND h.gone_at IS NULL AND u.gone_at IS NULL AND t.gone_at IS NULL AND u.approved = true
  AND (u.approved_until IS NULL OR u.approved_until > $at)
  AND (u.valid_until IS NULL OR u.valid_until > $at OR u.renewable = true)
WITH s, collect(DISTINCT t.labels) AS lists
WITH s, [l IN reduce(every = [], one IN lists | every + one) WHERE l STARTS WITH 'needs_scope=' | replace(l, 'needs_scope=', '')] AS needed
WITH s, needed, size(coalesce(s.audience, [])) AS receivers,
     [one IN coalesce(s.scopes, []) WHERE NOT toLower(one) IN $harmless] AS asked
WITH s, receivers,
     [one IN asked WHERE last(split(replace(replace(toLower(one), ':', '/'), '.default', '/.default'), '/')) IN $whole
                      OR split(toLower(one), ':')[0] IN $whole] AS wide,
     [one IN asked WHERE size(needed) > 0 AND NOT one IN needed] AS unneeded,
     size(needed) > 0 AND EXISTS {
       MATCH (s)<-[v:HOLDS]-(g:Agent)-[w:USES]->(o:Tool)
       WHERE v.gone_at IS NULL AND g.gone_at IS NULL AND w.gone_at IS NULL AND o.gone_at IS NULL AND w.approved = true
         AND (w.approved_until IS NULL OR w.approved_until > $at)
         AND (w.valid_until IS NULL OR w.valid_until > $at OR w.renewable = true)
         AND none(l IN coalesce(o.labels, []) WHERE l STARTS WITH 'needs_scope=')
     } AS silent
WITH s, silent, receivers, wide, unneeded,
     [text IN [
       CASE WHEN receivers > 1 THEN 'is good for several receivers'
            WHEN receivers = 0 AND any(word IN $open WHERE coalesce(s.type, '') CONTAINS word) THEN 'is for no receiver in particular' END,
       CASE WHEN size(wide) > 0 THEN 'allows everything' END,
       CASE WHEN size(unneeded) > 0 AND NOT silent THEN 'allows more than the approved tools need' END
     ] WHERE text IS NOT NULL] AS reasons
WHERE size(reasons) > 0 OR receivers = 0 OR size(unneeded) > 0
RETURN 'Secret' AS subject_kind, s.id AS subject_id, size(reasons) = 0 AS unknown, reasons, s.audience AS audience, wide,
       CASE WHEN size(unneeded) > 0 AND NOT silent THEN unneeded END AS unneeded,
       [m IN [CASE WHEN size(wide) > 0 THEN '+1 it allows everything' END] WHERE m IS NOT NULL] AS modifiers
