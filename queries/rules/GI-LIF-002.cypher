// id: GI-LIF-002
// title: Agent out of service still active
// finding: "{subject} is {status} and was seen at work on {last_seen}"
// severity: high
// base: 8
// modifiers: [M1, M2, M3, M4]
// why: >
//   Somebody runs what everybody believes to be switched off: an intruder, a forgotten copy, or a record that is wrong.
// remediation: >
//   Treat it as an incident: stop its runtime, rotate what it holds, and find out who started it; or correct the record.
// frameworks: [ASI10, T13, MANAGE 2.4, RS.MI-01, DE.CM-09, MAESTRO-L7.01]
// needs: [Agent.status|Workflow.status]
// clear_needs: ["USES.evidence:observed|CONNECTS_TO.evidence:observed|DELEGATES_TO.evidence:observed|RUNS_AS.evidence:observed"]
// unknown: no source states since when they are out of service, or when they were seen
// parameters:
//   minutes: {type: integer, default: 60, meaning: How many minutes it may be seen after it was taken out of service}
//   hours: {type: integer, default: 24, meaning: "How many hours ago it must have been seen where nobody states since when it is out of service"}
// traps:
//   - What is told late of what happened before counts by when it happened
//   - Clocks that differ a little
// columns: {status: State of its life cycle, last_seen: When it was last seen, doing: What it was seen to do}
MATCH (a:Agent|Workflow)-[r]-(x)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND x.gone_at IS NULL
  AND a.status IN ['suspended', 'retired']
  AND 'observed' IN coalesce(r.evidence, [])
  // Who answers for it, and what it is made of, may be seen while it is at rest
  AND NOT type(r) IN ['OWNS', 'DEPENDS_ON']
WITH a, type(r) AS kind, coalesce(r.confidence, 1.0) AS sure, r.last_seen AS seen
WITH a, kind, sure, seen,
     CASE
       WHEN seen IS NULL THEN 'unknown'
       WHEN a.status_since IS NULL AND datetime($at).epochSeconds - datetime(seen).epochSeconds > $hours * 3600 THEN 'unknown'
       WHEN a.status_since IS NULL THEN 'lately'
       WHEN datetime(seen).epochSeconds - datetime(a.status_since).epochSeconds > $minutes * 60 THEN 'after'
       ELSE 'before'
     END AS told
WHERE told <> 'before'
WITH a, told, kind, seen, sure ORDER BY kind
WITH a, collect(DISTINCT CASE WHEN told <> 'unknown' THEN kind END) AS doing,
     max(CASE WHEN told <> 'unknown' THEN seen END) AS last_seen, max(CASE WHEN told <> 'unknown' THEN sure END) AS sure
RETURN labels(a)[0] AS subject_kind, a.id AS subject_id, last_seen IS NULL AS unknown, a.status AS status, last_seen, doing,
       CASE WHEN a.status_since IS NULL AND sure > 0.5 THEN 0.5 ELSE sure END AS confidence
