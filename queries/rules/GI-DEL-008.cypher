// id: GI-DEL-008
// title: Delegation outlives its task
// finding: "{subject} can still delegate: {reason}"
// severity: medium
// base: 5
// modifiers: [M1, M2]
// why: >
//   The task that authorised it is over; what is left is a way in that nobody watches and nobody remembers.
// remediation: >
//   Tie the delegation to its task and revoke it when that is closed; give each task a budget of sub-agents.
// frameworks: [ASI03, ASI08, ZT-3, "NHI1:2025", PR.AA-05, C9]
// needs: [DELEGATES_TO, RUNS_TASK]
// clear_needs: [Task.closed_at|Task.closes_at]
// parameters:
//   fan_out: {type: integer, default: 20, meaning: How many sub-agents one task may have without a limit of depth}
// traps:
//   - Standing teams of agents, which have no tasks, need an approval of their own
//   - An agent with another task that is still open
//   - A delegation that ends with its task
// columns: {reason: What outlives what, delegates: Sub-agents}
MATCH (a:Agent)-[w:RUNS_TASK]->(k:Task)
WHERE a.gone_at IS NULL AND w.gone_at IS NULL AND k.gone_at IS NULL AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
WITH a, count(k) AS tasks,
     sum(CASE WHEN coalesce(k.closed_at, k.closes_at) <= $at THEN 1 ELSE 0 END) AS closed,
     sum(CASE WHEN k.closes_at IS NULL AND k.closed_at IS NULL THEN 1 ELSE 0 END) AS endless,
     max(coalesce(k.closed_at, k.closes_at)) AS last
MATCH (a)-[r:DELEGATES_TO]->(b:Agent|Workflow)
WHERE r.gone_at IS NULL AND b.gone_at IS NULL AND NOT coalesce(b.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
WITH a, b, r, last,
     CASE
       WHEN tasks = closed THEN 'its task is over'
       WHEN endless = 0 AND r.valid_until > last THEN 'it is meant to go on after its task'
       ELSE 'no'
     END AS reason
WHERE reason <> 'no'
WITH a, reason, collect(DISTINCT b.id) AS delegates,
     sum(CASE WHEN 'observed' IN coalesce(r.evidence, []) AND r.first_seen > last THEN 1 ELSE 0 END) AS later
RETURN 'Agent' AS subject_kind, a.id AS subject_id, reason, delegates,
       CASE WHEN later > 0 THEN ['+1 it was used after that'] ELSE [] END AS modifiers
UNION
MATCH (a:Agent)-[w:RUNS_TASK]->(k:Task)
WHERE a.gone_at IS NULL AND w.gone_at IS NULL AND k.gone_at IS NULL AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND (k.closed_at IS NULL OR k.closed_at > $at)
WITH a, count(DISTINCT k.id) AS tasks
MATCH (a)-[r:DELEGATES_TO]->(b:Agent|Workflow)
WHERE r.gone_at IS NULL AND b.gone_at IS NULL AND NOT coalesce(b.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  AND r.max_depth IS NULL
WITH a, tasks, collect(DISTINCT b.id) AS delegates
WHERE size(delegates) > $fan_out * tasks  // however they are shared out, one task has too many
RETURN 'Agent' AS subject_kind, a.id AS subject_id, 'one task has more sub-agents than anybody bounded' AS reason, delegates, [] AS modifiers
