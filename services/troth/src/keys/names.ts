import {
  type Fact,
  type Filed,
  type Output,
  openFact,
  type Sealing,
  sealed,
  withNames,
} from "@troth/events";
import type { Log } from "@troth/log";
import type { Channel } from "@troth/notify";
import { factsFrom } from "../embedded/facts-from.ts";
import type { Reader } from "../embedded/feed.ts";
import { KnownNames } from "./known-names.ts";

/** What pseudonyms stand for, as far as the facts read so far tell and their keys are still there. */
export class Names {
  readonly #sealing: Sealing;
  readonly #known = new KnownNames();
  #missed = 0;

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  learn(fact: Fact): void {
    this.#note(openFact(fact, this.#sealing));
  }

  /** Seals a fact, and knows its names from then on. */
  seal(fact: Fact): Fact {
    const { fact: kept, names } = sealed(fact, this.#sealing);
    this.#note(names);
    return kept;
  }

  /** A value with every pseudonym that is known replaced; the sealed part of a fact left out. */
  open<T>(value: T): T {
    return withNames(value, (token) => {
      const name = this.#known.get(token);
      if (name === undefined) this.#missed += 1;
      return name;
    });
  }

  /** What `open` makes, and whether every pseudonym in it was known. */
  tried<T>(open: () => T): { readonly value: T; readonly isWhole: boolean } {
    const before = this.#missed;
    const value = open();
    return { value, isWhole: this.#missed === before };
  }

  fact(fact: Fact): Fact {
    const { sealed: _, ...data } = fact.data;
    return this.open({ ...fact, data });
  }

  /** An output with names, those that its own fact tells too. */
  heard(output: Output): Output {
    if (output.body.kind === "noise") this.learn(output.body.fact);
    return this.output(output);
  }

  output(output: Output): Output {
    const { body } = output;
    if (body.kind !== "noise") return this.open(output);
    return {
      ...output,
      body: { ...this.open({ ...body, fact: null }), fact: this.fact(body.fact) },
    };
  }

  #note(names: ReadonlyMap<string, string>): void {
    for (const [token, name] of names) this.#known.set(token, name);
  }
}

/**
 * Learns the names in all facts up to an offset, whoever asks; undefined when they are known. Those of
 * facts from `sealedFrom` on need not be read: whoever asks has sealed them itself.
 */
export function namesOf(
  facts: Log,
  names: Names,
  sealedFrom = Number.POSITIVE_INFINITY,
): (upTo: number) => Promise<void> | undefined {
  const before = factsFrom(facts, 0);
  let known = -1;
  let asked = -1;
  let reading: Promise<void> = Promise.resolve();
  const learn = ({ fact, offset }: Filed): void => {
    if (fact !== null) names.learn(fact);
    known = offset;
  };
  return (offset) => {
    const upTo = Math.min(offset, sealedFrom - 1);
    if (upTo <= known) return undefined;
    // One reads for all, in order: what several partitions ask for is read once.
    if (upTo > asked) {
      asked = upTo;
      reading = reading
        .catch(() => undefined)
        .then(() => before(upTo, learn))
        .catch((error: unknown) => {
          asked = known;
          throw error;
        });
      reading.catch(() => undefined);
    }
    return reading;
  };
}

/** A reader that is given names instead of pseudonyms: it hears of each fact before what it led to. */
export const openedTo =
  (
    learn: ReturnType<typeof namesOf>,
    names: Names,
    fold: (output: Output) => void,
  ): Reader["fold"] =>
  (output) => {
    const reading = learn(output.inOffset);
    if (reading !== undefined) return reading.then(() => fold(names.output(output)));
    fold(names.output(output));
    return undefined;
  };

/**
 * Opens what is said in a partition, where an output's place does not say which fact it came of: what
 * holds a pseudonym nobody knows is opened again once all facts there are have been read.
 */
export function openedAnew(facts: Log, names: Names): <T>(open: () => T) => T | Promise<T> {
  const learn = namesOf(facts, names);
  const again = async <T>(open: () => T): Promise<T> => {
    await learn((await facts.end()) - 1);
    return open();
  };
  return (open) => {
    const { value, isWhole } = names.tried(open);
    return isWhole ? value : again(open);
  };
}

/** A channel that says names where the journal of messages keeps pseudonyms. */
export const openedChannel = (channel: Channel, names: Names): Channel => ({
  ...channel,
  send: (message, id) => channel.send(names.open(message), id),
  ...(channel.standing === undefined
    ? {}
    : { standing: (messages) => channel.standing?.(names.open(messages)) }),
});
