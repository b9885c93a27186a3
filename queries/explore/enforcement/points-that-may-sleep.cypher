// title: Controls that may not be at work
// question: Which enforcing points let everything through when they cannot be asked, or have not been heard of since a time?
// when: Before the lens runtime is believed.
// parameters:
//   since: {type: time, meaning: "Not heard of since, such as an hour ago"}
// columns:
//   point: Its id
//   effect: "deny, step_up or evaluate"
//   fail: What happens when it cannot be asked
//   last_heartbeat: "When it last said that it works, or unknown"
//   why: What makes it doubtful
//   sources: Where it was stated
MATCH (p:EnforcementPoint)
WHERE p.gone_at IS NULL AND p.mode = 'enforce' AND (coalesce(p.fail, 'unknown') <> 'closed' OR p.last_heartbeat IS NULL OR p.last_heartbeat < $since)
RETURN p.id AS point, coalesce(p.effect, 'unknown') AS effect, coalesce(p.fail, 'unknown') AS fail,
       coalesce(p.last_heartbeat, 'unknown') AS last_heartbeat,
       CASE WHEN p.last_heartbeat < $since THEN 'silent' WHEN p.fail = 'open' THEN 'fails open' ELSE 'not known to work' END AS why,
       coalesce(p.sources, []) AS sources
ORDER BY why, point
