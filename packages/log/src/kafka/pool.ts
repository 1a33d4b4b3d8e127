import type { Connection } from "./connection.ts";

/**
 * Connections that are lent to one reader at a time: a fetch that waits for records at the end holds
 * its socket, so nobody else's question may stand behind it.
 */
export type Pool = {
  /** Runs `use` with a connection of its own; one that failed is not lent again. */
  readonly use: <T>(use: (connection: Connection) => Promise<T>) => Promise<T>;
  readonly borrow: () => Promise<Connection>;
  readonly giveBack: (connection: Connection) => void;
  readonly discard: (connection: Connection) => void;
  readonly close: () => Promise<void>;
};

const idleMax = 8;

export function openPool(open: () => Promise<Connection>): Pool {
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  let closed = false;

  const drop = async (connection: Connection): Promise<void> => {
    all.delete(connection);
    // What it was asked for failed already; that its sockets fail too tells nothing new.
    await connection.close().catch(() => undefined);
  };
  const borrow = async (): Promise<Connection> => {
    const ready = idle.pop();
    if (ready !== undefined) return ready;
    const fresh = await open();
    all.add(fresh);
    if (closed) await drop(fresh);
    return fresh;
  };
  const giveBack = (connection: Connection): void => {
    if (closed || idle.length >= idleMax) void drop(connection);
    else idle.push(connection);
  };
  return {
    borrow,
    giveBack,
    discard: (connection) => void drop(connection),
    use: async (use) => {
      const connection = await borrow();
      try {
        const result = await use(connection);
        giveBack(connection);
        return result;
      } catch (error) {
        await drop(connection);
        throw error;
      }
    },
    close: async () => {
      closed = true;
      idle.length = 0;
      await Promise.all([...all].map(drop));
    },
  };
}
