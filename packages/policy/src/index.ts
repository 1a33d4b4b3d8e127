export type { Calendar } from "./calendar.ts";
export { checkPolicy, type PolicyCheck } from "./check.ts";
export { policyBytesMax } from "./document.ts";
export { parsePolicy, readersOf } from "./parse.ts";
export type * from "./policy.ts";
export { slotsOf } from "./policy.ts";
export type { PolicyError } from "./problem.ts";
export { decimalText, spanText } from "./saying.ts";
