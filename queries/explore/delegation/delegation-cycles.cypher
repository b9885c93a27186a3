// title: Agents that ask each other
// question: Which agents can pass work around in a circle of up to three?
// when: A circle can run without end, and each in it has the authority of all.
// parameters:
//   limit: {type: integer, default: 200, meaning: How many rows at most}
// columns:
//   circle: "Ids, from the first in the alphabet on"
//   length: How many
//   unscoped: Of how many of the steps nothing limits what passes
//   sources: Where the first step was stated
MATCH path = (a:Agent)-[d:DELEGATES_TO*1..3]->(a)
WHERE all(one IN d WHERE one.gone_at IS NULL) AND all(n IN nodes(path) WHERE n.gone_at IS NULL AND n.id >= a.id)
RETURN DISTINCT [n IN nodes(path)[0..-1] | n.id] AS circle, size(d) AS length, size([one IN d WHERE one.scopes IS NULL]) AS unscoped,
       coalesce(d[0].sources, []) AS sources
ORDER BY length, circle[0], circle[1], circle[2], unscoped, sources
LIMIT $limit
