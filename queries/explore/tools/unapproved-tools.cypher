// title: Tools that are used without approval
// question: Which tools can agents call that nobody approved, or of which nobody knows?
// when: Before an allow-list is switched on, to see what it would stop.
// parameters:
//   unknown: {type: boolean, default: false, meaning: Also those whose approval no source states}
// columns:
//   actor: Id of the agent or workflow
//   tool_kind: Tool or ToolServer
//   tool: Its id
//   approved: "false, or unknown"
//   seen: Whether the call was observed
MATCH (a:Agent|Workflow)-[r:USES|CONNECTS_TO]->(t)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND t.gone_at IS NULL
  AND (r.approved = false OR ($unknown AND r.approved IS NULL))
RETURN a.id AS actor, labels(t)[0] AS tool_kind, t.id AS tool,
       CASE WHEN r.approved = false THEN 'false' ELSE 'unknown' END AS approved,
       'observed' IN coalesce(r.evidence, []) AS seen
ORDER BY actor, tool_kind, tool, approved, seen
