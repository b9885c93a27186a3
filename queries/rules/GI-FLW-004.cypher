// id: GI-FLW-004
// title: Memory shared between trust levels
// finding: "{subject} mixes trust: {reason}"
// severity: medium
// base: 6
// modifiers: [M1, M2]
// why: >
//   What is written into a memory is believed by whoever reads it later, long after anybody knows where it came from.
// remediation: >
//   Part the memory by trust and by owner, keep with each entry where it came from and until when it holds, and deny reads across.
// frameworks:
//   [ASI06, T1, AML.T0080.000, AML.T0070, "MCP10:2025", "LLM05:2026", "LLM09:2026", MAESTRO-L2.01, AML.M0031, MAESTRO-L2.05, C8,
//    "steps/memoryStore", "steps/memoryContextRetrieval"]
// needs: [Memory, WRITES, READS|Memory.scope]
// function: mixed_memory
// unknown: several owners write them, and no source states how far they are shared
// traps:
//   - A corpus that nobody writes
//   - A part for each user or session, as long as one agent both writes and reads it
//   - A flow that takes strangers' content in may write something else elsewhere
//   - What comes in at second hand, over other agents or memories, whoever passes it on has already
// columns:
//   reason: What is mixed
//   writers: Who writes it
//   readers: Who reads it and can do worse than read
