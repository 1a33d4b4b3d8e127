export type { Calendar } from "./calendar.ts";
export { functionsCalled } from "./cel.ts";
export { checkPolicy, errorsText, type PolicyCheck } from "./check.ts";
export { type PolicyDocument, policyBytesMax, readDocument } from "./document.ts";
export { readShape } from "./issues.ts";
export { suggest } from "./nearest.ts";
export { parsePolicy, placed, readersOf } from "./parse.ts";
export type * from "./policy.ts";
export { slotsOf } from "./policy.ts";
export {
  collectProblems,
  type PolicyError,
  type Problem,
  type Problems,
  shown,
} from "./problem.ts";
export {
  probePoints,
  probePolicy,
  type Reweighing,
  type RuleWeights,
  reweighPolicy,
  unshadowed,
} from "./reweigh.ts";
export { decimalText, spanText } from "./saying.ts";
