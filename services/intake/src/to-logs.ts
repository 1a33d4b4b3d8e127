import type { Fact } from "@troth/events";
import type { Log } from "@troth/log";
import { encodeSetAside, type SetAside } from "./set-aside.ts";

/** What came in with one request. */
export type Admission = {
  readonly facts: readonly Fact[];
  readonly setAside: readonly SetAside[];
  /** Beside each fact the trace context its way began with; absent where nobody asked for traces. */
  readonly traces?: readonly (string | undefined)[];
};

export type Logs = {
  readonly facts: Pick<Log, "append">;
  readonly setAside: Pick<Log, "append">;
  readonly encode: (fact: Fact) => Uint8Array;
};

/**
 * Stores an admission: facts in one log, what was set aside in another, each with one append, so
 * with one sync that requests at the same time share. The log's time is the latest `recordedtime`.
 * When one of the two fails the other may be stored; sending again is safe, as facts have ids.
 */
export const appendTo =
  (logs: Logs) =>
  async ({ facts, setAside }: Admission): Promise<void> => {
    const appends: Promise<unknown>[] = [];
    if (facts.length > 0) {
      const records = facts.map((fact) => ({ bytes: logs.encode(fact) }));
      const stamp = facts.reduce((latest, fact) => Math.max(latest, fact.recordedTime), 0);
      appends.push(logs.facts.append(records, stamp));
    }
    if (setAside.length > 0) {
      const records = setAside.map((item) => ({ bytes: encodeSetAside(item) }));
      const stamp = setAside.reduce((latest, item) => Math.max(latest, item.at), 0);
      appends.push(logs.setAside.append(records, stamp));
    }
    await Promise.all(appends);
  };
