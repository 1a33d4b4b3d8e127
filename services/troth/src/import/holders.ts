import type { Importer } from "./importer.ts";

/**
 * Some files name only a thing: a handle, a device, an account, a call. Nobody else's file will ever
 * say whose it is, so whoever holds it stands for the customer, under the thing's own name. A handle
 * that is one person's stays one customer; a device brought once is a customer of its own.
 */
export const withHolders = (importer: Importer): Importer =>
  async function* held(dir, io) {
    for await (const event of importer(dir, io)) {
      const named = event.subject.startsWith("customer:");
      yield named
        ? event
        : { ...event, data: { ...event.data, customerRef: `customer:${event.subject}` } };
    }
  };
