import type { Logger } from "@troth/runtime";
import type { Message } from "./message.ts";

/** Why a message did not arrive; `afterMs` is how long the receiver asks us to wait, if it does. */
export type Sent =
  | { readonly arrived: true }
  | { readonly arrived: false; readonly why: string; readonly afterMs: number | null };

export type Channel = {
  /** Stable: it is part of the id by which a receiver knows a repetition. */
  readonly name: string;
  /** Whether a message is for it; without this, every one that names no customer. */
  readonly takes?: (message: Message) => boolean;
  /** `id` is the same every time this message is sent on this channel. Never rejects for the world. */
  readonly send: (message: Message, id: string) => Promise<Sent>;
  /** What stands of what was told before this start, for a receiver that wants it said again and again. */
  readonly standing?: (messages: readonly Message[]) => void;
  /** Nothing more will be sent. */
  readonly close?: () => Promise<void>;
};

export const isFor = (channel: Pick<Channel, "takes">, message: Message): boolean =>
  channel.takes === undefined ? message.kind !== "flag" : channel.takes(message);

const arrived: Sent = { arrived: true };

/** One line per message in the process's own log. */
export const openLogChannel = (log: Logger): Channel => ({
  name: "log",
  send: (message) => {
    const { owner, says: sentence } = message;
    switch (message.kind) {
      case "storm":
        log.warn("many alerts", { owner, alerts: message.alerts, sentence });
        break;
      case "source":
        log.warn(`source ${message.state}`, { owner, source: message.source, sentence });
        break;
      case "cohort":
        log.warn("many touched", { owner, rule: message.rule, touched: message.touched, sentence });
        break;
      case "flag":
        // Never here: a log is no place for a customer's name.
        break;
      case "alert":
        log.warn(`alert ${message.state}`, {
          alertId: message.id,
          revision: message.revision,
          level: message.level,
          link: message.link,
          owner,
          sentence,
        });
    }
    return Promise.resolve(arrived);
  },
});
