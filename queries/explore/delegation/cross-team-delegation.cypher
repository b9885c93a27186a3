// title: Delegation between teams
// question: Which agents pass work to agents that none of their owners answers for?
// when: To find agreements that nobody made; such a step is where a runtime decision belongs.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   caller: Id of who asks
//   caller_owners: Its owners
//   callee: Id of who is asked
//   callee_owners: Its owners
//   mode: How it is asked
//   scopes: "What may pass; empty = everything"
//   guards: Enforcement points on the step
//   sources: Where the step was stated
MATCH (a:Agent)-[d:DELEGATES_TO]->(b:Agent)
WHERE a.gone_at IS NULL AND d.gone_at IS NULL AND b.gone_at IS NULL AND a.id <> b.id
  AND EXISTS { MATCH (a)<-[v:OWNS]-(o:Owner) WHERE o.gone_at IS NULL AND v.gone_at IS NULL }
  AND EXISTS { MATCH (b)<-[w:OWNS]-(p:Owner) WHERE p.gone_at IS NULL AND w.gone_at IS NULL }
  AND NOT EXISTS {
    MATCH (a)<-[v:OWNS]-(o:Owner)-[w:OWNS]->(b)
    WHERE o.gone_at IS NULL AND v.gone_at IS NULL AND w.gone_at IS NULL
  }
WITH a, d, b ORDER BY a.id, b.id, coalesce(d.mode, 'unknown'), coalesce(d.sources, []) LIMIT $limit
MATCH (a)<-[v:OWNS]-(o:Owner)
WHERE o.gone_at IS NULL AND v.gone_at IS NULL
WITH a, d, b, o ORDER BY o.id
WITH a, d, b, collect(DISTINCT o.id) AS caller_owners
MATCH (b)<-[w:OWNS]-(p:Owner)
WHERE p.gone_at IS NULL AND w.gone_at IS NULL
WITH a, d, b, caller_owners, p ORDER BY p.id
WITH a, d, b, caller_owners, collect(DISTINCT p.id) AS callee_owners
RETURN a.id AS caller, caller_owners, b.id AS callee, callee_owners, coalesce(d.mode, 'unknown') AS mode, coalesce(d.scopes, []) AS scopes,
       coalesce(d.guards, []) AS guards, coalesce(d.sources, []) AS sources
ORDER BY caller, callee, mode, sources
