// title: Enforcement points
// question: Which runtime controls are there, do their decisions bind, and on how many edges do they stand?
// when: To see what the lens runtime rests on.
// columns:
//   point: Its id
//   mode: "enforce, monitor or off"
//   effect: "deny, step_up or evaluate"
//   fail: What happens when it cannot be asked
//   distinguishes: What it can tell apart
//   edges: On how many edges it stands
//   kinds: Their kinds
//   sources: Where it was stated
CALL {
  MATCH (x:Agent|Workflow|Identity|Secret|Tool|ToolServer|Runtime)-[r]->()
  WHERE r.guards IS NOT NULL AND r.gone_at IS NULL
  RETURN type(r) AS kind, r.guards AS guards, count(*) AS edges
}
WITH collect({kind: kind, guards: guards, edges: edges}) AS guarded
MATCH (p:EnforcementPoint)
WHERE p.gone_at IS NULL
UNWIND [one IN guarded WHERE p.id IN one.guards] + [null] AS one
WITH p, one.kind AS kind, one.edges AS edges ORDER BY kind
WITH p, sum(coalesce(edges, 0)) AS edges, collect(DISTINCT kind) AS kinds
RETURN p.id AS point, coalesce(p.mode, 'unknown') AS mode, coalesce(p.effect, 'unknown') AS effect, coalesce(p.fail, 'unknown') AS fail,
       coalesce(p.distinguishes, 'unknown') AS distinguishes, edges, kinds, coalesce(p.sources, []) AS sources
ORDER BY edges DESC, point
