// title: Agents nobody owns
// question: Which agents have no accountable owner?
// when: First thing after a scan, and whenever a finding has nobody to go to.
// columns:
//   agent: Its id
//   name: Its name
//   status: State of its life cycle
//   environment: Where it is used
//   sources: Where it was stated
MATCH (a:Agent)
WHERE a.gone_at IS NULL AND coalesce(a.status, 'unknown') <> 'retired'
  AND NOT EXISTS { MATCH (a)<-[w:OWNS]-(o:Owner) WHERE o.gone_at IS NULL AND w.gone_at IS NULL }
RETURN a.id AS agent, a.name AS name, coalesce(a.status, 'unknown') AS status,
       coalesce(a.environment, 'unknown') AS environment, coalesce(a.sources, []) AS sources
ORDER BY agent
