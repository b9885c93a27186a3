// id: GI-IDN-006
// title: Agent trusted by an unverified descriptor
// finding: "{subject} delegates to {target}, {reason}"
// severity: medium
// base: 5
// modifiers: [M2, M4]
// why: >
//   What that agent is, and where it is reached, rests on a card that anybody can write: work and authority go to whoever serves it.
// remediation: >
//   Take agents from a registry that was approved, ask for signed cards, and pin the key that signs them.
// frameworks: [ASI07, ASI03, ASI04, T16, AML.T0073, AML.T0074, MAESTRO-L7.02, MAESTRO-L7.09, PR.AA-04]
// needs: [DELEGATES_TO, Agent.labels:signed|Agent.labels:card]
// unknown: no source holds the card itself
// parameters:
//   inside: {type: list, default: [.internal, .local, .cluster.local, .corp, .lan], meaning: Endings of hosts of one's own}
// traps:
//   - Signatures are optional and rare, and not every source says whether there is one
//   - A card of a host of one's own that is reached over mutual TLS
// columns: {reason: What is wrong with its card}
MATCH (a:Agent|Workflow)-[r:DELEGATES_TO]->(b:Agent)
WHERE a.gone_at IS NULL AND r.gone_at IS NULL AND b.gone_at IS NULL
  AND NOT coalesce(a.status, 'unknown') IN ['suspended', 'retired']
  AND NOT coalesce(b.status, 'unknown') IN ['suspended', 'retired']
  AND (r.valid_from IS NULL OR r.valid_from <= $at)
  AND (r.valid_until IS NULL OR r.valid_until > $at OR r.renewable = true)
  AND b.id STARTS WITH 'a2a:'
WITH DISTINCT a, b, [l IN coalesce(b.labels, []) | toLower(l)] AS labels
WHERE NOT 'registry=approved' IN labels
// Where it is reached, and after that where its cards lie: of a URL what is between :// and the path, query or fragment
WITH a, b, labels,
     [url IN [toLower(b.id)] + [l IN labels WHERE l STARTS WITH 'card=http'] |
       split(replace(replace(replace(split(url, '://')[1], '?', '/'), '#', '/'), '\\', '/'), '/')[0]] AS authorities
// What stands before an @ is no host, nor is a port; an IPv6 address has colons of its own
WITH a, b, labels,
     [one IN authorities | CASE WHEN one CONTAINS ']' THEN split(last(split(one, '@')), ']')[0] ELSE split(last(split(one, '@')), ':')[0] END] AS hosts
WITH a, b, labels, hosts[0] AS host, hosts[1..] AS cards
WITH a, b, labels, host,
     CASE
       WHEN b.id STARTS WITH 'a2a:http' AND any(card IN cards WHERE card <> host AND card <> host + '.') THEN 'whose card lies on another host'
       WHEN 'signed=false' IN labels THEN 'whose card nobody signed'
       WHEN 'signed=true' IN labels THEN 'verified'
       ELSE 'unknown'
     END AS reason
WHERE reason <> 'verified'
RETURN labels(a)[0] AS subject_kind, a.id AS subject_id, 'Agent' AS target_kind, b.id AS target_id,
       reason = 'unknown' AS unknown, reason,
       [m IN [
         CASE WHEN 'auth=mutualtls' IN labels AND any(one IN $inside WHERE host ENDS WITH one)
              THEN '-2 a host of our own over mutual TLS' END
       ] WHERE m IS NOT NULL] AS modifiers
