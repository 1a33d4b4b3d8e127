import type { Clock } from "@troth/runtime";
import type { Connection } from "./connection.ts";
import { within } from "./patience.ts";

/**
 * Connections that are lent to one reader at a time: a fetch that waits for records at the end holds
 * its socket, so nobody else's question may stand behind it.
 */
export type Pool = {
  /** Runs `use` with a connection of its own; one that failed is not lent again. */
  readonly use: <T>(use: (connection: Connection) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
};

const idleMax = 32;
const closesWithinMs = 1_000;

/** `deadlineMs` bounds each use: kafkajs may wait for ever for the answer of a socket that is gone. */
export function openPool(open: () => Promise<Connection>, clock: Clock, deadlineMs: number): Pool {
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  let closed = false;

  /** Never waited for: what it was asked for failed already, and closing may come to no end. */
  const drop = (connection: Connection): void => {
    all.delete(connection);
    connection.close().catch(() => undefined);
  };
  const borrow = async (): Promise<Connection> => {
    const ready = idle.pop();
    if (ready !== undefined) return ready;
    const fresh = await open();
    all.add(fresh);
    if (closed) drop(fresh);
    return fresh;
  };
  const giveBack = (connection: Connection): void => {
    if (closed || idle.length >= idleMax) drop(connection);
    else idle.push(connection);
  };
  return {
    use: (use) => {
      let lent: Connection | null = null;
      const work = async () => {
        const connection = await borrow();
        lent = connection;
        return use(connection);
      };
      return within(clock, deadlineMs, work()).then(
        (result) => {
          if (lent !== null) giveBack(lent);
          return result;
        },
        (error: unknown) => {
          if (lent !== null) drop(lent);
          throw error;
        },
      );
    },
    close: async () => {
      closed = true;
      idle.length = 0;
      const closing = Promise.all([...all].map((one) => one.close().catch(() => undefined)));
      all.clear();
      await within(clock, closesWithinMs, closing).catch(() => undefined);
    },
  };
}
