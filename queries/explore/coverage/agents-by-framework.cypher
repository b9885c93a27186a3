// title: Agents by framework and environment
// question: What are our agents built with, where do they run, and how many of them act without asking?
// when: To report what there is; to pick the framework whose controls matter most.
// columns:
//   framework: What they are built with or run in
//   environment: Where they are used
//   agents: How many
//   autonomous: How many of them act without asking
//   autonomy_unknown: Of how many nobody says how much they ask
MATCH (a:Agent)
WHERE a.gone_at IS NULL AND coalesce(a.status, 'unknown') <> 'retired'
RETURN coalesce(a.framework, 'unknown') AS framework, coalesce(a.environment, 'unknown') AS environment, count(*) AS agents,
       sum(CASE WHEN a.autonomy = 'autonomous' THEN 1 ELSE 0 END) AS autonomous,
       sum(CASE WHEN a.autonomy IS NULL THEN 1 ELSE 0 END) AS autonomy_unknown
ORDER BY agents DESC, framework, environment
