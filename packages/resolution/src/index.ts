export { featuresOf, type Situation, type Who } from "./features.ts";
export { type FundRules, GoodwillFund } from "./fund.ts";
export { type BrokenRow, type Harm, harmOf } from "./harm.ts";
export { type Decide, type Estimate, type Expect, type Logged, worthOf } from "./off-policy.ts";
export {
  type ModelOptions,
  OutcomeModel,
  type Prediction,
  usualOptions,
} from "./outcome-model.ts";
export { type Answered, type Parity, parityOf } from "./parity.ts";
export { type Heard, type Recommendation, recommend, type Scored } from "./recommend.ts";
export { isFresh, mannerOf, type Tone, type ToneNote, toneNoteOf, tones } from "./tone.ts";
