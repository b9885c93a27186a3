// title: Tools that are used without approval
// question: Which tools can agents call whose approval was refused, has run out, or was for something else?
// when: "Before an allow-list is switched on, to see what it would stop. The rule GI-TOL-001 also follows approvals from servers to their tools."
// parameters:
//   at: {type: time, default: now, meaning: Approvals have run out at this time}
//   unknown: {type: boolean, default: false, meaning: "Also those of which no source says whether they are approved, or what exactly was"}
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   actor: Id of the agent or workflow
//   tool_kind: Tool or ToolServer
//   tool: Its id
//   approval: "refused; expired; changed = of another definition or version; elsewhere = for another environment; or unknown"
//   until: "Until when it was approved; empty = no end is stated"
//   approved_by: "Who approved or refused it; empty = unknown"
//   seen: Whether the call was observed
//   sources: Where that was stated
MATCH (a:Agent|Workflow)-[r:USES|CONNECTS_TO]->(t:Tool|ToolServer)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND t.gone_at IS NULL
  AND (r.approved = false OR r.approved_until <= $at OR r.approved_digests IS NOT NULL OR r.approved_environment IS NOT NULL
    OR ($unknown AND r.approved IS NULL))
WITH a, r, t, [one IN coalesce(r.approved_digests, []) | replace(toLower(trim(one)), 'sha256:', '')] AS listed,
     [one IN [t.schema_digest, t.version] WHERE one IS NOT NULL | replace(toLower(trim(one)), 'sha256:', '')] AS own,
     toLower(coalesce(t.package, '') + ' ' + coalesce(t.version, '')) AS image,
     [(t)-[p:PROVIDES]->(x:Tool) WHERE p.gone_at IS NULL AND x.schema_digest IS NOT NULL | replace(toLower(x.schema_digest), 'sha256:', '')] AS parts,
     [(a)-[o:RUNS_ON]->(m:Runtime) WHERE o.gone_at IS NULL | coalesce(m.environment, 'unknown')] + [coalesce(a.environment, 'unknown')] AS used_in
WITH a, r, t, [one IN used_in WHERE one <> 'unknown'] AS used_in,
     size(own) + size(parts) > 0 OR image CONTAINS 'sha256' AS known,
     size(listed) = 0 OR any(one IN listed WHERE one IN own OR image CONTAINS 'sha256:' + one OR image CONTAINS 'sha256%3a' + one)
       OR (size(parts) > 0 AND all(one IN parts WHERE one IN listed)) AS fits
WITH a, r, t, CASE
  WHEN r.approved = false THEN 'refused'
  WHEN r.approved IS NULL THEN 'unknown'
  WHEN r.approved_until <= $at THEN 'expired'
  WHEN any(one IN used_in WHERE one <> r.approved_environment) THEN 'elsewhere'
  WHEN NOT fits AND known THEN 'changed'
  WHEN NOT fits OR (r.approved_environment IS NOT NULL AND size(used_in) = 0) THEN 'unknown'
  ELSE '' END AS approval
WHERE approval <> '' AND ($unknown OR approval <> 'unknown')
  AND (approval = 'refused' OR NOT EXISTS {
    MATCH (a)-[s:USES|CONNECTS_TO]->(t)
    WHERE s.approved = true AND s.gone_at IS NULL AND s.approved_digests IS NULL AND s.approved_environment IS NULL
      AND coalesce(s.approved_until, '9999') > $at })
RETURN a.id AS actor, labels(t)[0] AS tool_kind, t.id AS tool, approval, r.approved_until AS until, r.approved_by AS approved_by,
       'observed' IN coalesce(r.evidence, []) AS seen, coalesce(r.sources, []) AS sources
ORDER BY actor, tool_kind, tool, approval, until, approved_by, seen, sources
LIMIT $limit
