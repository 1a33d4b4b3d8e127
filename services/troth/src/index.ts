export { type LiveJudge, openJudge } from "./embedded/judge.ts";
export { Pipeline } from "./pipeline.ts";
export { defaultPolicyPath, readPolicy } from "./policy-file.ts";
export { type ReplayedLines, replayLines } from "./replay/in-memory.ts";
export { replay } from "./replay/replay.ts";
export { randomEvents, seeded } from "./sim/random-events.ts";
