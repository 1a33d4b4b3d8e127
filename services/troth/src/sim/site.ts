import { findSourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** A place in the running code: file, line and column as the machine knows them. */
export type Site = string;

/**
 * Where the program asked for what is being simulated: `depth` calls above the caller of this. Raw
 * positions, since looking up the source each time would cost more than everything else.
 */
export function callSite(depth: number): Site {
  const before = { prepare: Error.prepareStackTrace, limit: Error.stackTraceLimit };
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = depth + 1;
  Error.prepareStackTrace = (_, frames) => {
    const frame = frames[depth];
    return frame === undefined
      ? ""
      : `${frame.getFileName() ?? ""}:${frame.getLineNumber() ?? 0}:${frame.getColumnNumber() ?? 0}`;
  };
  Error.captureStackTrace(holder, callSite);
  const site = String(holder.stack);
  Error.prepareStackTrace = before.prepare;
  Error.stackTraceLimit = before.limit;
  return site;
}

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
