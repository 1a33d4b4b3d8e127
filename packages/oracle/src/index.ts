export { decayTable } from "./decay.ts";
export { recompute } from "./recompute.ts";
export type { OracleCounts, OracleInput, OracleRequest, OracleResult } from "./request.ts";
