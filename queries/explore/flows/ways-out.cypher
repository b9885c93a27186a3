// title: Ways out of the organisation
// question: Which agents that read sensitive data can write to something outside the organisation?
// when: To see where data could leave; a repository of others or a public page is enough.
// parameters:
//   limit: {type: integer, default: 500, meaning: How many rows at most}
// columns:
//   agent: Its id
//   outside: Id of the resource outside
//   actions: What the agent can do there
//   private: How many confidential or restricted things it can read
//   hops: Length of a shortest way out
//   via: What lies on it
MATCH (x:Resource {external: true})
MATCH (a:Agent)-[r:CAN_REACH {lens: 'posture'}]->(x)
WHERE any(action IN r.actions WHERE action IN ['write', 'execute', 'admin'])
MATCH (a)-[s:CAN_REACH {lens: 'posture'}]->(t:Resource)
WHERE t.sensitivity IN ['confidential', 'restricted'] AND ('read' IN s.actions OR 'admin' IN s.actions) AND t.id <> x.id
WITH a, x, r, count(DISTINCT t.id) AS private
RETURN a.id AS agent, x.id AS outside, r.actions AS actions, private, r.hops AS hops, r.via AS via
ORDER BY private DESC, agent, outside
LIMIT $limit
