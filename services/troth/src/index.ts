export { Pipeline } from "./pipeline.ts";
export { type ReplayedLines, replayLines } from "./replay/in-memory.ts";
export { replay } from "./replay/replay.ts";
