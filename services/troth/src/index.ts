export {
  type CalibrateRequest,
  type Calibration,
  calibrate,
  gatherExamples,
  learnable,
} from "./calibrate/calibrate.ts";
export { type Ablated, ablate, accuracyOn } from "./calibrate/evaluate.ts";
export { type Example, learn } from "./calibrate/weigh.ts";
export { type CalibrateOptions, calibrateRequest } from "./calibrate.ts";
export { type LiveJudge, openJudge } from "./embedded/judge.ts";
export { fromKafka, type Migrated, toKafka } from "./migrate/migrate.ts";
export { policySwitch, tick } from "./partitioned/fact-log.ts";
export type { Posted } from "./partitioned/flag-board.ts";
export { type Policies, policiesOf } from "./partitioned/policies.ts";
export {
  type Machine,
  openRegistrar,
  type RegistrarMachine,
  type RegistrarOptions,
} from "./partitioned/registrar.ts";
export { openSite, type Site, type SiteOptions } from "./partitioned/site.ts";
export { StoppedError } from "./partitioned/stopped.ts";
export { Pipeline } from "./pipeline.ts";
export { defaultPolicyPath, readPolicy } from "./policy-file.ts";
export { type ReplayedLines, replayLines } from "./replay/in-memory.ts";
export { readFolder } from "./replay/read-folder.ts";
export { replay } from "./replay/replay.ts";
export { randomEvents, seeded } from "./sim/random-events.ts";
export { syntheticDay } from "./story/synthetic-day.ts";
export { logOptionsOf, readTopicTable, type Topic, type TopicTable } from "./topics/table.ts";
