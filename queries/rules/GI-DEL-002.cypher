// id: GI-DEL-002
// title: Un-scoped delegation
// finding: "{subject} hands {target} everything it has: {reason}"
// severity: medium
// base: 6
// modifiers: [M1, M2]
// why: >
//   The sub-agent acts with all that its caller may do, whatever the task needs, and so does whoever takes it over.
// remediation: >
//   Exchange the token at each hop for one with narrower scope and audience, and refuse what comes without a scope.
// frameworks: [ASI03, "NHI5:2025", T3, ZT-3, PR.AA-05, MAESTRO-X.03, C9]
// needs: [DELEGATES_TO, DELEGATES_TO.mode|DELEGATES_TO.scopes]
// unknown: no source states how they hand over, or which scopes
// traps:
//   - Frameworks that do not say what a hand-over is scoped to are unknown, not un-scoped
//   - Calls of flows and their steps, which do what they were written for
//   - An end alone is no scope, and no end alone is no fault
//   - An agent that asks itself hands nothing over
//   - A record that names on whose behalf a token is, and no scope of it, does not show that it has none
// columns: {reason: Why it is un-scoped, further: Delegations that pass the same on}
MATCH (a:Agent|Workflow)-[r:DELEGATES_TO]->(b:Agent)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND b.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND NOT coalesce(b.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  AND NOT (a:Agent AND a.id = b.id)
WITH a, b, r,
     size([s IN coalesce(r.scopes, []) WHERE s STARTS WITH '*:*' AND replace(substring(s, 3), '*', '') = '']) > 0
       OR size([s IN coalesce(r.scopes, []) WHERE s IN ['read:*', 'write:*', 'execute:*', 'delete:*', 'admin:*']]) = 5 AS everything
WITH a, b,
     CASE
       WHEN r.mode = 'passthrough' THEN 'its own credentials are passed on'
       WHEN r.mode IN ['on_behalf_of', 'scoped'] AND everything THEN 'its scopes let everything through'
       WHEN r.mode = 'on_behalf_of' AND r.scopes IS NULL AND size([e IN coalesce(r.evidence, ['declared']) WHERE e <> 'observed']) = 0 THEN 'unknown'
       WHEN r.mode = 'on_behalf_of' AND r.scopes IS NULL THEN 'it acts on its behalf and no scope is stated'
       WHEN r.mode IS NULL AND (everything OR r.scopes IS NULL) THEN 'unknown'
       WHEN r.mode = 'scoped' AND r.scopes IS NULL THEN 'unknown'
       ELSE 'scoped'
     END AS reason
WHERE reason <> 'scoped'
OPTIONAL MATCH (b)-[n:DELEGATES_TO]->(c:Agent)
WHERE n.gone_at IS NULL AND c.gone_at IS NULL AND n.mode IN ['passthrough', 'on_behalf_of'] AND n.scopes IS NULL AND c.id <> a.id
  AND NOT coalesce(c.status, 'unknown') IN ['suspended', 'retired'] AND (n.valid_from IS NULL OR n.valid_from <= $at)
  AND (n.valid_until IS NULL OR n.valid_until > $at OR n.renewable = true)
WITH a, b, reason, count(DISTINCT c.id) AS further
RETURN labels(a)[0] AS subject_kind, a.id AS subject_id, 'Agent' AS target_kind, b.id AS target_id,
       reason = 'unknown' AS unknown, reason, CASE WHEN further > 0 THEN further END AS further,
       CASE WHEN further > 0 THEN ['+1 the same is passed on from there'] ELSE [] END AS modifiers
