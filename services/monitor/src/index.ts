export { type Judge, type Monitor, type MonitorOptions, openMonitor } from "./monitor.ts";
