import { findSourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** A place in the running code: file, line and column as the machine knows them. */
export type Site = string;

let found: NodeJS.CallSite | undefined;
let wanted = 0;
const keepFrame = (_: Error, frames: NodeJS.CallSite[]): string => {
  found = frames[wanted];
  return "";
};
/** What is done there, by the names of the functions: these stay when lines move or are bundled. */
const doers = new Map<Site, string>();
/** By file and place in it: naming the line is far dearer than knowing the place again. */
const known = new Map<string, Map<number, Site>>();

function siteOf(frame: NodeJS.CallSite): Site {
  const file = frame.getFileName() ?? "";
  const places = known.get(file) ?? new Map<number, Site>();
  known.set(file, places);
  const position = frame.getPosition();
  const before = places.get(position);
  if (before !== undefined) return before;
  const site = `${file}:${frame.getLineNumber() ?? 0}:${frame.getColumnNumber() ?? 0}`;
  places.set(position, site);
  doers.set(site, frame.getFunctionName() ?? "");
  return site;
}

/**
 * Where the program asked for what is being simulated: `depth` calls above `below`. Raw positions,
 * since looking up the source each time would cost more than everything else; no more frames than
 * needed, since each of them costs.
 */
export function callSite(below: (...args: never[]) => unknown, depth: number): Site {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { readonly stack?: unknown } = {};
  wanted = depth;
  found = undefined;
  Error.stackTraceLimit = depth + 1;
  Error.prepareStackTrace = keepFrame;
  Error.captureStackTrace(holder, below);
  // The frames are looked at when the stack is asked for.
  void holder.stack;
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return found === undefined ? "" : siteOf(found);
}

/** The function that asks there; empty where it has no name, or nobody asked there yet. */
export const doerOf = (site: Site): string => doers.get(site) ?? "";

const shape = /^(.*):(\d+):(\d+)$/;

/** The place in the source, as `packages/log/src/file/commit.ts:81`; as it is where nobody knows. */
export function sourceOf(site: Site): string {
  const [, file, line, column] = shape.exec(site) ?? [];
  if (file === undefined || line === undefined || column === undefined) return site;
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const entry = findSourceMap(path)?.findEntry(Number(line) - 1, Number(column) - 1);
  const found =
    entry !== undefined && "originalLine" in entry
      ? `${path}:${entry.originalLine + 1}`
      : `${path}:${line}:${column}`;
  const room = found.search(/(?:packages|services)\/[\w-]+\/src\//);
  return room === -1 ? found : found.slice(room);
}
