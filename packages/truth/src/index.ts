export { type Accuracy, type Answered, measure } from "./measure.ts";
export { type Outcome, outcomeOf, outcomes, type TruthLine, truthLine } from "./truth-line.ts";
