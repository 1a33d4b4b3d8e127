export { type AddressClass, classOf } from "./adapters/addresses.ts";
export { readByteStream } from "./adapters/byte-stream.ts";
export { systemClock } from "./adapters/clock.ts";
export { systemDisk } from "./adapters/disk.ts";
export { openFolderStore } from "./adapters/folder-store.ts";
export { type GuardedHttpOptions, openGuardedHttp } from "./adapters/guarded-http.ts";
export {
  type Health,
  type HealthServer,
  type HealthServerOptions,
  openHealthServer,
} from "./adapters/health-server.ts";
export { systemHttp } from "./adapters/http.ts";
export { systemRng } from "./adapters/rng.ts";
export { openS3Store, type S3Options, type S3Store, s3Probe } from "./adapters/s3-store.ts";
export {
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  openLogger,
} from "./logger.ts";
export {
  type CounterOf,
  type GaugeOf,
  type HistogramOf,
  type LabelSets,
  type Labels,
  type Metrics,
  openMetrics,
} from "./metrics.ts";
export { noJsonSchemas } from "./no-json-schemas.ts";
export { isRetryable, type Patience, patiently } from "./patience.ts";
export type {
  Clock,
  Disk,
  DiskFile,
  Http,
  HttpAnswer,
  HttpRequest,
  ObjectStore,
  OpenMode,
  Rng,
  Timer,
} from "./ports.ts";
export { openSimulatedClock, type SimulatedClock } from "./simulated/clock.ts";
export {
  type CrashLoss,
  type DiskCall,
  type DiskFault,
  type DiskOperation,
  openSimulatedDisk,
  type Perform,
  type SimulatedDisk,
  type SimulatedDiskOptions,
} from "./simulated/disk.ts";
export { openSimulatedHttp, type SimulatedHttp } from "./simulated/http.ts";
export { openSimulatedRng } from "./simulated/rng.ts";
export {
  openScheduler,
  type Scheduler,
  type SchedulerOptions,
  type Step,
  type Strike,
} from "./simulated/scheduler.ts";
export {
  openSimulatedStore,
  type SimulatedStoreOptions,
  type StoreCall,
} from "./simulated/store.ts";
export {
  confirmationsMin,
  confirmEveryMs,
  jumpMs,
  openSteadyClock,
  type SteadyOptions,
} from "./steady-clock.ts";
export { openStop, type Stop, type StopEvent, type StopHost, type StopOptions } from "./stop.ts";
export { terminalLine } from "./terminal-line.ts";
export {
  formatTraceContext,
  noTraces,
  parseTraceContext,
  type SharedSpans,
  type Span,
  shareSpans,
  type TraceContext,
  type Traces,
} from "./traces.ts";
export { errnoOf, WorldError, type WorldErrorCode, worldError } from "./world-error.ts";
