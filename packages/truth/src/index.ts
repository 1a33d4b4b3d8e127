export { exp, log, logOddsOf, probabilityOf } from "./exact.ts";
export { fitIsotonic, type IsotonicStep } from "./isotonic.ts";
export { type Column, type Fitted, fitLogistic, type Sample } from "./logistic.ts";
export { type Accuracy, type Answered, measure } from "./measure.ts";
export { openTrackRecord, type TrackRecord } from "./track-record.ts";
export { type Outcome, outcomeOf, outcomes, type TruthLine, truthLine } from "./truth-line.ts";
