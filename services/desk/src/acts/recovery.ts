import { type Output, parseEvent } from "@troth/events";
import type { Policy } from "@troth/policy";
import type { Hand } from "../http/parts.ts";
import { type DeskCustomer, isOpen } from "../view/customer.ts";
import { alertIdOf, type Event, recoveryEvent, recoveryIdOf } from "./facts.ts";

export type RecoveryOptions = {
  readonly hand: Hand;
  readonly policy: Pick<Policy, "readers">;
  readonly tenantOf: (customer: string) => string;
  /** False while the past is being read: what was over before anybody watched is not promised anew. */
  readonly isLive: () => boolean;
  /** Log time of everything that is stored, judged or not. */
  readonly logTime: () => Promise<number>;
  readonly tell: {
    readonly made: () => void;
    /** It would have been late when it was made, so it was not. */
    readonly late: () => void;
    readonly failed: (error: unknown) => void;
  };
};

/** The promise an alert opens was made, by us or by whoever took it on. */
export function isRecoveryPromised(customer: DeskCustomer, alertId: string): boolean {
  const key = `/${recoveryIdOf(alertId)}`;
  return customer.register.rows().some(({ promiseId }) => promiseId.endsWith(key));
}

/**
 * When the policy would have the promise in an event be kept; the earliest, where it gives some
 * customers less time than others. Null: it is due at no moment.
 */
function dueOf({ readers }: Pick<Policy, "readers">, event: Event): number | null {
  const read = parseEvent(event);
  if (!read.ok) return null;
  const fact = read.value;
  const made = readers.get(fact.kind)?.made ?? [];
  const dues = made.flatMap(({ template, slot }) => {
    if (!slot.test(fact) || slot.key(fact) === null) return [];
    const input = { madeAt: slot.at(fact), stated: slot.stated(fact), needed: null };
    const others = template.variants.flatMap(({ off, due }) => (off || due === null ? [] : [due]));
    return [template.due, ...others].flatMap((due) => due(input) ?? []);
  });
  return dues.length === 0 ? null : Math.min(...dues);
}

/** An alert nobody has promised to put right yet. */
type Unpromised = { readonly alertId: string; readonly customer: string; readonly at: number };

/** What an output that opens an alert leaves to be promised. */
function openedIn({ body, stamp }: Output): Unpromised | null {
  if (body.kind !== "alert" || body.state !== "opened") return null;
  const { alertId, customer, at } = body;
  return { alertId, customer, at: Math.max(stamp, at) };
}

/** What was read of before anybody watched: alerts that still stand and are promised to nobody. */
class Backlog {
  readonly #alerts = new Map<string, Unpromised>();

  note(output: Output): void {
    const { body } = output;
    const opened = openedIn(output);
    if (opened !== null) this.#alerts.set(opened.alertId, opened);
    else if (body.kind === "alert" && !isOpen(body)) this.#alerts.delete(body.alertId);
    else if (body.kind === "noise") {
      const { kind, data } = body.fact;
      const id = kind === "promise.made" ? alertIdOf(String(data["promiseId"])) : null;
      if (id !== null) this.#alerts.delete(id);
    }
  }

  /** Gives them all, once. */
  take(): readonly Unpromised[] {
    const all = [...this.#alerts.values()];
    this.#alerts.clear();
    return all;
  }
}

/** Promises handed in at once, when many are owed. */
const backlogBatch = 100;

/**
 * A reader for which every alert that opens is a promise to put it right. The promise's id is the
 * alert's, so that however often it is handed in, it is one. Who hears of an alert when that promise
 * would be late already makes none: it would break at once and be one more harm to the customer. It is
 * made by whoever takes the alert on, from then.
 */
export function openRecovery(options: RecoveryOptions) {
  const { hand, policy, isLive, logTime, tenantOf, tell } = options;
  const backlog = new Backlog();
  const eventOf = ({ alertId, customer, at }: Unpromised): Event =>
    recoveryEvent({ alertId, customer, tenant: tenantOf(customer), madeAt: at });
  const inTime = async (events: readonly Event[]): Promise<readonly Event[]> => {
    const now = await logTime();
    return events.filter((event) => (dueOf(policy, event) ?? Number.POSITIVE_INFINITY) > now);
  };
  const promise = async (events: readonly Event[]): Promise<void> => {
    if ((await hand(events)) === "refused") throw new Error("the door took no recovery promise");
    for (const _ of events) tell.made();
  };
  const promiseOne = async (alert: Unpromised): Promise<void> => {
    const events = await inTime([eventOf(alert)]);
    if (events.length === 0) tell.late();
    else await promise(events);
  };
  return {
    fold: (output: Output): void => {
      const opened = openedIn(output);
      if (!isLive()) backlog.note(output);
      else if (opened !== null) promiseOne(opened).catch(tell.failed);
    },
    /**
     * The past is read. Alerts that opened while no desk was up and still stand are promised now, as far
     * as that can still be kept; the rest are history, and are not counted at every start.
     */
    caughtUp: async (): Promise<void> => {
      try {
        const events = await inTime(backlog.take().map(eventOf));
        for (let i = 0; i < events.length; i += backlogBatch) {
          await promise(events.slice(i, i + backlogBatch));
        }
      } catch (error) {
        tell.failed(error);
      }
    },
  };
}
