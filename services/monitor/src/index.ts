export { type Judge, type Monitor, type MonitorOptions, openMonitor } from "./monitor.ts";
export { type Exchange, PartitionJudge, type Told } from "./partition-judge.ts";
export { taken } from "./taken.ts";
