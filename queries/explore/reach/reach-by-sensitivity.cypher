// title: Reach in numbers
// question: How many agents reach how many things of each sensitivity, under each lens?
// when: For a report, and to compare two months.
// columns:
//   sensitivity: How sensitive the things are
//   lens: "posture, ungoverned or runtime"
//   agents: How many agents
//   resources: How many resources
//   pairs: How many pairs of both
//   destructive: In how many of them the agent can delete or administer
MATCH (a:Agent)-[r:CAN_REACH]->(t:Resource)
RETURN coalesce(t.sensitivity, 'unknown') AS sensitivity, r.lens AS lens, count(DISTINCT a.id) AS agents, count(DISTINCT t.id) AS resources,
       count(*) AS pairs, sum(CASE WHEN 'delete' IN r.actions OR 'admin' IN r.actions THEN 1 ELSE 0 END) AS destructive
ORDER BY CASE sensitivity WHEN 'restricted' THEN 0 WHEN 'confidential' THEN 1 WHEN 'unknown' THEN 2 WHEN 'internal' THEN 3 ELSE 4 END, lens
