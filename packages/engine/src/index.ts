export { Engine, emptyState, type Join } from "./engine.ts";
export type { Handover } from "./join.ts";
export type { Out } from "./out.ts";
export {
  joinPieces,
  jsonPiece,
  nextJson,
  nextPiece,
  splitPieces,
  takePieces,
} from "./packed/pieces.ts";
export { TextMap } from "./packed/text-map.ts";
export type { EngineRecord } from "./record.ts";
export { beginSnapshot, restoreState, type Taking, takeAll } from "./snapshot.ts";
export { emptyWatch, SourceWatch, type WatchState } from "./sources.ts";
export type { State } from "./state.ts";
