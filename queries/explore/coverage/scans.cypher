// title: Scans
// question: Which roots were scanned, when last, and was all of them read?
// when: Before a result is believed; to find roots that nobody scans any more.
// columns:
//   root: Name of the root
//   at: When it was last scanned
//   outcome: "complete, partial or failed"
//   documents: How many documents were read
MATCH (s:Scan)
RETURN s.id AS root, s.at AS at, s.outcome AS outcome, s.documents AS documents
ORDER BY at, root
