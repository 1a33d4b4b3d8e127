export { type AnsweredLine, answeredOf } from "./answered.ts";
export { bootstrap, type Interval, type Resampling } from "./bootstrap.ts";
export { type Calibration, type CalibrationBin, calibrationOf } from "./calibration.ts";
export { openDice } from "./dice.ts";
export { type DriftWindow, driftOf } from "./drift.ts";
export { type EarlyWarning, EarlyWarnings } from "./early-warning.ts";
export { exp, log, logOddsOf, probabilityOf } from "./exact.ts";
export { type FigureName, type Figures, figuresOf, type Touch, touchesOf } from "./figures.ts";
export { fitIsotonic, type IsotonicStep } from "./isotonic.ts";
export { type Column, type Fitted, fitLogistic, type Sample } from "./logistic.ts";
export { type Accuracy, type Answered, measure } from "./measure.ts";
export {
  type Group,
  type RuleAdvice,
  type RuleTruth,
  reportOf,
  rulesTruth,
  type Shares,
  type TruthReport,
} from "./report.ts";
export { openTrackRecord, type TrackRecord } from "./track-record.ts";
export {
  type Outcome,
  outcomeOf,
  outcomes,
  perMilleOf,
  type TruthLine,
  type TruthPart,
  truthLine,
} from "./truth-line.ts";
export { type LinkHealth, type LinkRecord, watermelonsOf } from "./watermelon.ts";
