// title: What roles and groups pass on
// question: From which role, group or blueprint do the most identities have their rights, and how far do those go?
// when: One change there changes all who inherit it.
// parameters:
//   limit: {type: integer, default: 100, meaning: How many at most}
// columns:
//   inherited_from: The role, group or blueprint
//   identities: How many identities have rights from it
//   targets: How many things it opens
//   actions: What it allows there, taken together
//   sensitive: How many of the things are confidential, restricted or crown jewels
MATCH (i:Identity)-[c:CAN_ACCESS]->(t)
WHERE c.inherited_from IS NOT NULL AND i.gone_at IS NULL AND c.gone_at IS NULL AND t.gone_at IS NULL
UNWIND coalesce(c.actions, ['unknown']) AS action
WITH c, i, t, action ORDER BY action
WITH c.inherited_from AS inherited_from, count(DISTINCT i.id) AS identities, count(DISTINCT t.id) AS targets, collect(DISTINCT action) AS actions,
     count(DISTINCT CASE WHEN t.sensitivity IN ['confidential', 'restricted'] OR t.crown_jewel = true THEN t.id END) AS sensitive
RETURN inherited_from, identities, targets, actions, sensitive
ORDER BY sensitive DESC, identities DESC, inherited_from
LIMIT $limit
