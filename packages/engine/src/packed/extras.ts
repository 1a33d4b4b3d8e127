import type { Level } from "@troth/events";
import type { Customers } from "../customers.ts";
import { keyTextOf } from "../register/layout.ts";
import { isWide, textAt } from "../register/texts.ts";
import type { Episode, Exposure, Extras, FactRef, ProfileItem } from "../state.ts";
import { levelCode, levelWord } from "../words.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";
import { beside, factFlags } from "./form.ts";
import type { Names } from "./names.ts";

/* What lies beside a customer's numbers, as bytes. */

const numbers = 64;
const kinds = ["profile.updated", "preference.set"] as const;
const rules = ["critical", "compound"] as const;

class Writing {
  readonly #to: ByteWriter;
  readonly #names: Names;
  readonly #own: string;

  constructor(to: ByteWriter, names: Names, own: string) {
    this.#to = to;
    this.#names = names;
    this.#own = own;
  }

  text(text: string): void {
    this.#to.string(text, isWide(text));
  }

  /** What many share: its number + 1, or 0 and itself. */
  #name(name: string): void {
    const number = this.#names.numberOf(name);
    this.#to.count(number + 1);
    if (number < 0) this.text(name);
  }

  ref({ id, source, record, revision, origin }: FactRef): void {
    const to = this.#to;
    to.room(numbers);
    to.count(
      (record === null ? 0 : factFlags.named) +
        (revision === 0 ? 0 : factFlags.revised) +
        (origin === this.#own ? 0 : factFlags.foreign),
    );
    this.text(id);
    this.#name(source);
    if (record !== null) this.text(record);
    if (revision !== 0) to.number(revision);
    if (origin !== this.#own) this.text(origin);
  }

  profile(items: readonly ProfileItem[]): void {
    this.#to.count(items.length);
    for (const { at, kind, data, ref } of items) {
      this.ref(ref);
      this.#to.moment(at);
      this.#to.count(kinds.indexOf(kind));
      this.text(JSON.stringify(data));
    }
  }

  exposures(items: readonly Exposure[]): void {
    this.#to.count(items.length);
    for (const { at, campaignId, ref } of items) {
      this.ref(ref);
      this.#to.moment(at);
      this.text(campaignId);
    }
  }

  revisions(revisions: ReadonlyMap<string, number>): void {
    this.#to.count(revisions.size);
    for (const [record, revision] of revisions) {
      this.text(record);
      this.#to.number(revision);
    }
  }

  /** A cause begins with its rule's name, which is one of the policy's, and a slash. */
  #cause(id: string): void {
    const slash = id.indexOf("/");
    this.#name(id.slice(0, slash + 1));
    this.text(id.slice(slash + 1));
  }

  episode({ alertId, openedAt, causes, leadId, ...said }: Episode): void {
    const to = this.#to;
    to.room(numbers);
    to.moment(openedAt);
    to.count(said.revision);
    to.count(
      (said.acknowledged ? 1 : 0) + 2 * rules.indexOf(said.rule) + 4 * levelCode(said.level),
    );
    const id = Buffer.from(alertId, "hex");
    to.count(id.length);
    to.copy(id, 0, id.length);
    to.room(numbers);
    to.count(causes.length);
    for (const cause of causes) this.#cause(cause);
    const lead = causes.indexOf(leadId);
    to.count(lead + 1);
    if (lead < 0) this.#cause(leadId);
  }
}

export function writeExtras(
  to: ByteWriter,
  { memory: m, names }: Customers,
  c: number,
  extras: Extras,
): void {
  const { episode, exposures, profile, revisions } = extras;
  const writing = new Writing(to, names, textAt(m, keyTextOf(m, c)));
  to.room(numbers);
  to.count(
    (profile.length === 0 ? 0 : beside.profile) +
      (exposures.length === 0 ? 0 : beside.exposures) +
      (revisions === null ? 0 : beside.revisions) +
      (episode === null ? 0 : beside.episode),
  );
  if (profile.length > 0) writing.profile(profile);
  if (exposures.length > 0) writing.exposures(exposures);
  if (revisions !== null) writing.revisions(revisions);
  if (episode !== null) writing.episode(episode);
}

class Reading {
  readonly #from: ByteReader;
  readonly #names: Names;
  readonly #own: string;

  constructor(from: ByteReader, names: Names, own: string) {
    this.#from = from;
    this.#names = names;
    this.#own = own;
  }

  /** So many of what `read` reads. */
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.#from.count() }, read);
  }

  #name(): string {
    const number = this.#from.count();
    return number > 0 ? (this.#names.list[number - 1] ?? "") : this.#from.string();
  }

  #ref(): FactRef {
    const from = this.#from;
    const flags = from.count();
    const id = from.string();
    const source = this.#name();
    const record = (flags & factFlags.named) === 0 ? null : from.string();
    const revision = (flags & factFlags.revised) === 0 ? 0 : from.number();
    const origin = (flags & factFlags.foreign) === 0 ? this.#own : from.string();
    return { id, source, record, revision, origin };
  }

  profileItem(): ProfileItem {
    const ref = this.#ref();
    const at = this.#from.moment();
    const kind = kinds[this.#from.count()] ?? "profile.updated";
    return { at, kind, data: JSON.parse(this.#from.string()), ref };
  }

  exposure(): Exposure {
    const ref = this.#ref();
    return { at: this.#from.moment(), campaignId: this.#from.string(), ref };
  }

  revision(): [string, number] {
    const record = this.#from.string();
    return [record, this.#from.number()];
  }

  #cause(): string {
    const rule = this.#name();
    return rule + this.#from.string();
  }

  episode(): Episode {
    const from = this.#from;
    const openedAt = from.moment();
    const revision = from.count();
    const said = from.count();
    const length = from.count();
    const alertId = from.bytes.toString("hex", from.at, from.at + length);
    from.at += length;
    const causes = this.list(() => this.#cause());
    const lead = from.count();
    const leadId = lead > 0 ? (causes[lead - 1] ?? "") : this.#cause();
    const level: Level = levelWord(said >> 2);
    const rule = rules[(said >> 1) & 1] ?? "critical";
    const acknowledged = (said & 1) !== 0;
    return { alertId, openedAt, causes, revision, acknowledged, level, rule, leadId };
  }
}

export function readExtras(from: ByteReader, { names }: Customers, own: string): Extras {
  const reading = new Reading(from, names, own);
  const parts = from.count();
  const has = (part: number): boolean => (parts & part) !== 0;
  return {
    profile: has(beside.profile) ? reading.list(() => reading.profileItem()) : [],
    exposures: has(beside.exposures) ? reading.list(() => reading.exposure()) : [],
    revisions: has(beside.revisions) ? new Map(reading.list(() => reading.revision())) : null,
    episode: has(beside.episode) ? reading.episode() : null,
  };
}
