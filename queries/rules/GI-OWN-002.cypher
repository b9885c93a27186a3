// id: GI-OWN-002
// title: Orphaned agent
// finding: "Nobody is left of those who answer for {subject}"
// severity: medium
// base: 6
// modifiers: [M1, M2, LACK]
// why: >
//   It looks owned and is not: questions, reviews and alarms go to somebody who has left, and nobody switches it off.
// remediation: >
//   Give it a new owner now; tie the reassignment of agents to the process by which people leave.
// frameworks: [GOVERN 2.1, GOVERN 1.5, "NHI1:2025", ID.AM-08, PR.AA-01, CIS-5.3, CIS-5.5, A.3.2]
// needs: [Agent, OWNS, Owner.status]
// unknown: no source states whether their owners are still there
// parameters:
//   days: {type: integer, default: 30, meaning: After how many days without anybody it counts for more}
//   settling: {type: integer, default: 7, meaning: "How many days a feed may be late or early: until then it is not high"}
// traps:
//   - A feed of people that is late or early tells of a change that is a few days old
//   - Contractors whom the directory does not know
//   - A team that goes on under another name
//   - A shared mailbox, whose account is disabled because nobody signs in to it
// columns: {owners: Ids of its owners, since: "Since when nobody is left, where that is known"}
MATCH (o:Owner)-[w:OWNS]->(a:Agent)
WHERE o.gone_at IS NULL AND w.gone_at IS NULL AND a.gone_at IS NULL
  AND coalesce(a.status, 'unknown') <> 'retired'
  AND NOT toLower(replace(replace(coalesce(o.kind_detail, ''), '-', ''), '_', '')) IN ['serviceprincipal', 'application']
  AND (w.valid_from IS NULL OR w.valid_from <= $at)
  AND (w.valid_until IS NULL OR w.valid_until > $at)
WITH a, o, max(coalesce(w.confidence, 1.0)) AS sure
// Whoever belongs to a team is stated as an owner of the team
OPTIONAL MATCH (p:Owner)-[x:OWNS]->(o)
WHERE p.gone_at IS NULL AND x.gone_at IS NULL
  AND NOT toLower(replace(replace(coalesce(p.kind_detail, ''), '-', ''), '_', '')) IN ['serviceprincipal', 'application']
  AND (x.valid_from IS NULL OR x.valid_from <= $at)
  AND (x.valid_until IS NULL OR x.valid_until > $at)
WITH a, o, sure, count(p) AS members,
     sum(CASE WHEN p.status IN ['left', 'disabled'] THEN 1 ELSE 0 END) AS away,
     sum(CASE WHEN p.status = 'active' THEN 1 ELSE 0 END) AS present,
     max(p.status_since) AS emptied
WITH a, o, sure, CASE WHEN o.status IN ['left', 'disabled'] THEN o.status_since ELSE emptied END AS since,
     CASE
       WHEN o.kind_detail = 'shared-mailbox' THEN 'unknown'
       WHEN o.status IN ['left', 'disabled'] THEN 'gone'
       WHEN members > 0 AND away = members THEN 'gone'
       WHEN o.status = 'active' OR present > 0 THEN 'there'
       ELSE 'unknown'
     END AS state
ORDER BY o.id
WITH a, collect(o.id) AS owners,
     sum(CASE WHEN state = 'gone' THEN 1 ELSE 0 END) AS gone,
     sum(CASE WHEN state = 'there' THEN 1 ELSE 0 END) AS there,
     sum(CASE WHEN state = 'unknown' THEN 1 ELSE 0 END) AS open,
     max(CASE WHEN state = 'gone' THEN since END) AS since, max(CASE WHEN state = 'gone' THEN sure END) AS sure
WHERE there = 0
RETURN 'Agent' AS subject_kind, a.id AS subject_id, gone = 0 AS unknown, owners, since,
       CASE WHEN open > 0 AND sure > 0.5 THEN 0.5 ELSE sure END AS confidence,
       [m IN [
         CASE WHEN datetime($at).epochSeconds - datetime(since).epochSeconds > $days * 86400
              THEN '+1 for more than a month' END,
         CASE WHEN datetime($at).epochSeconds - datetime(since).epochSeconds < $settling * 86400
              THEN '-3 so lately that the feed may be early' END
       ] WHERE m IS NOT NULL] AS modifiers
