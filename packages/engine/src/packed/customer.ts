import type { Level, Verdict } from "@troth/events";
import { invariant, levels, verdicts } from "@troth/events";
import type { Policy } from "@troth/policy";
import { mayWeigh } from "../score.ts";
import type {
  Customer,
  Episode,
  Exposure,
  LooseMarks,
  Mark,
  NoiseItem,
  Pledge,
  ProfileItem,
  Row,
  Terms,
} from "../state.ts";
import { emptyCustomer, indexPledges } from "../state.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Names } from "./names.ts";
import { RefReader, RefWriter } from "./refs.ts";

const verdictNumbers = new Map(verdicts.map((verdict, i) => [verdict, i]));
const levelNumbers = new Map(levels.map((level, i) => [level, i]));

/** What a customer has besides pledges; most have little of it. */
const has = {
  loose: 1,
  noises: 2,
  profile: 4,
  exposures: 8,
  revisions: 16,
  episode: 32,
} as const;

const row = { severity: 7, value: 8, limit: 16, perMille: 32 } as const;

/** How many things of a few numbers each a customer amounts to. */
function itemsOf(customer: Customer): number {
  const { noises, profile, exposures, revisions, episode } = customer;
  let items = noises.length + profile.length + exposures.length + (revisions?.size ?? 0);
  items += episode === null ? 0 : 1 + episode.causes.length;
  for (const { marks } of customer.loose) items += 1 + marks.length;
  for (const { terms, marks, rows } of customer.pledges) {
    items += 1 + terms.length + marks.length;
    for (const { evidence } of rows) items += 1 + evidence.length;
  }
  return items;
}

/** Writes customers as bytes. Templates and rules are named by their number in the policy. */
export class CustomerWriter {
  readonly #to = new ByteWriter();
  readonly #names: Names;
  readonly #refs: RefWriter;
  #key = "";

  constructor(names: Names) {
    this.#names = names;
    this.#refs = new RefWriter(names);
  }

  /** The bytes are good until the next call. */
  write(customer: Customer): ReturnType<ByteWriter["finish"]> {
    const to = this.#to;
    to.begin(itemsOf(customer));
    this.#refs.begin();
    this.#key = customer.key;
    const { pledges, loose, noises, profile, exposures, revisions, episode } = customer;
    to.count(
      (loose.length > 0 ? has.loose : 0) +
        (noises.length > 0 ? has.noises : 0) +
        (profile.length > 0 ? has.profile : 0) +
        (exposures.length > 0 ? has.exposures : 0) +
        (revisions === null ? 0 : has.revisions) +
        (episode === null ? 0 : has.episode),
    );
    const tenant = this.#names.numberOf(customer.tenant);
    to.count(tenant + 1);
    if (tenant < 0) to.text(customer.tenant);
    to.count(levelNumbers.get(customer.level) ?? 0);
    to.moment(customer.reviewAt);
    to.count(pledges.length);
    for (const pledge of pledges) this.#pledge(pledge);
    if (loose.length > 0) this.#loose(loose);
    if (noises.length > 0) this.#noises(noises);
    if (profile.length > 0) this.#profile(profile);
    if (exposures.length > 0) this.#exposures(exposures);
    if (revisions !== null) this.#revisions(revisions);
    if (episode !== null) this.#episode(episode);
    return to.finish();
  }

  #pledge(pledge: Pledge): void {
    const to = this.#to;
    to.count(pledge.template.index);
    to.text(pledge.key);
    to.moment(pledge.nextAt);
    to.count(pledge.terms.length);
    for (const term of pledge.terms) {
      to.moment(term.at);
      to.moment(term.stated);
      this.#valueOrNull(term.value);
      to.text(term.tag);
      this.#refs.write(to, term.ref, this.#key);
    }
    this.#marks(pledge.marks);
    to.count(pledge.rows.length);
    for (const one of pledge.rows) this.#row(one);
  }

  #valueOrNull(value: number | null): void {
    this.#to.count(value === null ? 0 : 1);
    if (value !== null) this.#to.number(value);
  }

  #marks(marks: readonly Mark[]): void {
    const to = this.#to;
    to.count(marks.length);
    for (const mark of marks) {
      to.count(2 * mark.slot + (mark.value === null ? 0 : 1));
      if (mark.value !== null) to.number(mark.value);
      to.moment(mark.at);
      to.text(mark.name);
      this.#refs.write(to, mark.ref, this.#key);
    }
  }

  #row(one: Row): void {
    const to = this.#to;
    to.count(verdictNumbers.get(one.verdict) ?? 0);
    to.count(
      one.severity +
        (one.value === null ? 0 : row.value) +
        (one.limit === null ? 0 : row.limit) +
        (one.perMille === 1000 ? 0 : row.perMille),
    );
    to.moment(one.madeAt);
    to.moment(one.since);
    to.moment(one.due);
    to.moment(one.keptAt);
    to.moment(one.mendedAt);
    if (one.value !== null) to.number(one.value);
    if (one.limit !== null) to.number(one.limit);
    if (one.perMille !== 1000) to.number(one.perMille);
    to.count(one.revision);
    to.count(one.evidence.length);
    for (const id of one.evidence) to.text(id);
  }

  #loose(loose: readonly LooseMarks[]): void {
    this.#to.count(loose.length);
    for (const { template, slot, marks } of loose) {
      this.#to.count(template.index);
      this.#to.count(slot);
      this.#marks(marks);
    }
  }

  #noises(noises: readonly NoiseItem[]): void {
    this.#to.count(noises.length);
    for (const noise of noises) {
      this.#to.count(noise.rule.index);
      this.#to.moment(noise.at);
      this.#valueOrNull(noise.value);
      this.#refs.write(this.#to, noise.ref, this.#key);
    }
  }

  #profile(profile: readonly ProfileItem[]): void {
    this.#to.count(profile.length);
    for (const item of profile) {
      this.#to.moment(item.at);
      this.#to.count(item.kind === "profile.updated" ? 0 : 1);
      this.#to.text(JSON.stringify(item.data));
      this.#refs.write(this.#to, item.ref, this.#key);
    }
  }

  #exposures(exposures: readonly Exposure[]): void {
    this.#to.count(exposures.length);
    for (const exposure of exposures) {
      this.#to.moment(exposure.at);
      this.#to.text(exposure.campaignId);
      this.#refs.write(this.#to, exposure.ref, this.#key);
    }
  }

  #revisions(revisions: ReadonlyMap<string, number>): void {
    this.#to.count(revisions.size);
    for (const [record, revision] of revisions) {
      this.#to.text(record);
      this.#to.number(revision);
    }
  }

  #episode(episode: Episode): void {
    const to = this.#to;
    to.text(episode.alertId);
    to.moment(episode.openedAt);
    to.count(episode.revision);
    to.count((episode.acknowledged ? 1 : 0) + (episode.rule === "critical" ? 2 : 0));
    to.count(levelNumbers.get(episode.level) ?? 0);
    to.text(episode.leadId);
    to.count(episode.causes.length);
    for (const cause of episode.causes) to.text(cause);
  }
}

/** Reads back what `CustomerWriter` wrote under the same policy and names. */
export class CustomerReader {
  readonly #policy: Policy;
  readonly #names: Names;
  readonly #from = new ByteReader();
  readonly #refs: RefReader;
  #key = "";

  constructor(policy: Policy, names: Names) {
    this.#policy = policy;
    this.#names = names;
    this.#refs = new RefReader(names);
  }

  read(slot: number, key: string, bytes: Buffer, start: number): Customer {
    const from = this.#from;
    from.begin(bytes, start);
    this.#refs.begin();
    this.#key = key;
    const parts = from.count();
    const tenant = from.count();
    const name = tenant === 0 ? from.text() : this.#names.list[tenant - 1];
    invariant(name !== undefined, "a tenant is missing in a packed customer");
    const customer = emptyCustomer(slot, key, name);
    customer.level = this.#level();
    customer.reviewAt = from.moment();
    for (let left = from.count(); left > 0; left -= 1) {
      const pledge = this.#pledge(customer);
      customer.pledges.push(pledge);
      customer.soonest = Math.min(customer.soonest, pledge.nextAt);
    }
    indexPledges(customer);
    if ((parts & has.loose) !== 0) customer.loose = this.#several(this.#loose);
    if ((parts & has.noises) !== 0) customer.noises = this.#several(this.#noise);
    if ((parts & has.profile) !== 0) customer.profile = this.#several(this.#profileItem);
    if ((parts & has.exposures) !== 0) customer.exposures = this.#several(this.#exposure);
    if ((parts & has.revisions) !== 0) customer.revisions = new Map(this.#several(this.#revision));
    if ((parts & has.episode) !== 0) customer.episode = this.#episode();
    return customer;
  }

  #several<Item>(read: () => Item): Item[] {
    const count = this.#from.count();
    // Most lists hold one item, and a list that is pushed to takes room for sixteen more.
    if (count === 1) return [read.call(this)];
    const items = new Array<Item>(count);
    for (let i = 0; i < count; i += 1) items[i] = read.call(this);
    return items;
  }

  #level(): Level {
    const level = levels[this.#from.count()];
    invariant(level !== undefined, "a level nobody knows in a packed customer");
    return level;
  }

  #verdict(): Verdict {
    const verdict = verdicts[this.#from.count()];
    invariant(verdict !== undefined, "a verdict nobody knows in a packed customer");
    return verdict;
  }

  #template() {
    const template = this.#policy.pledges[this.#from.count()];
    invariant(template !== undefined, "a pledge template the policy does not have");
    return template;
  }

  #pledge(customer: Customer): Pledge {
    const from = this.#from;
    const template = this.#template();
    const pledge: Pledge = {
      template,
      key: from.text(),
      terms: [],
      marks: [],
      rows: [],
      nextAt: from.moment(),
      customer,
    };
    // Written out, not by `#several`: these three are most of what is read, and calls cost more than they do.
    const terms = from.count();
    if (terms > 0) pledge.terms = [this.#term()];
    for (let n = 1; n < terms; n += 1) pledge.terms.push(this.#term());
    const marks = from.count();
    if (marks > 0) pledge.marks = [this.#mark()];
    for (let n = 1; n < marks; n += 1) pledge.marks.push(this.#mark());
    const rows = from.count();
    if (rows > 0) pledge.rows = [this.#row()];
    for (let n = 1; n < rows; n += 1) pledge.rows.push(this.#row());
    for (const one of pledge.rows) {
      if (!mayWeigh(template, one)) continue;
      customer.hot.push(pledge);
      break;
    }
    return pledge;
  }

  #valueOrNull(): number | null {
    return this.#from.count() === 0 ? null : this.#from.number();
  }

  #term(): Terms {
    const from = this.#from;
    return {
      at: from.moment(),
      stated: from.momentOrNull(),
      value: this.#valueOrNull(),
      tag: from.textOrNull(),
      ref: this.#refs.read(from, this.#key),
    };
  }

  #mark(): Mark {
    const from = this.#from;
    const code = from.count();
    const value = code % 2 === 0 ? null : from.number();
    const at = from.moment();
    const name = from.textOrNull();
    return { slot: code >> 1, at, value, name, ref: this.#refs.read(from, this.#key) };
  }

  #row(): Row {
    const from = this.#from;
    const verdict = this.#verdict();
    const flags = from.count();
    const madeAt = from.moment();
    return {
      verdict,
      since: from.moment(),
      madeAt,
      due: from.momentOrNull(),
      keptAt: from.momentOrNull(),
      mendedAt: from.momentOrNull(),
      severity: flags & row.severity,
      value: (flags & row.value) === 0 ? null : from.number(),
      limit: (flags & row.limit) === 0 ? null : from.number(),
      perMille: (flags & row.perMille) === 0 ? 1000 : from.number(),
      revision: from.count(),
      evidence: this.#evidence(),
    };
  }

  #evidence(): readonly string[] {
    const count = this.#from.count();
    const ids = count === 0 ? [] : [this.#from.text()];
    for (let n = 1; n < count; n += 1) ids.push(this.#from.text());
    return ids;
  }

  #loose(): LooseMarks {
    const template = this.#template();
    const slot = this.#from.count();
    return { template, slot, marks: this.#several(this.#mark) };
  }

  #noise(): NoiseItem {
    const rule = this.#policy.noises[this.#from.count()];
    invariant(rule !== undefined, "a noise rule the policy does not have");
    const at = this.#from.moment();
    return { rule, at, value: this.#valueOrNull(), ref: this.#refs.read(this.#from, this.#key) };
  }

  #profileItem(): ProfileItem {
    const at = this.#from.moment();
    const kind = this.#from.count() === 0 ? "profile.updated" : "preference.set";
    const data = JSON.parse(this.#from.text()) as ProfileItem["data"];
    return { at, kind, data, ref: this.#refs.read(this.#from, this.#key) };
  }

  #exposure(): Exposure {
    const at = this.#from.moment();
    const campaignId = this.#from.text();
    return { at, campaignId, ref: this.#refs.read(this.#from, this.#key) };
  }

  #revision(): readonly [string, number] {
    return [this.#from.text(), this.#from.number()];
  }

  #episode(): Episode {
    const from = this.#from;
    const alertId = from.text();
    const openedAt = from.moment();
    const revision = from.count();
    const flags = from.count();
    const level = this.#level();
    const leadId = from.text();
    const causes: string[] = [];
    for (let left = from.count(); left > 0; left -= 1) causes.push(from.text());
    return {
      alertId,
      openedAt,
      causes,
      revision,
      acknowledged: (flags & 1) !== 0,
      level,
      rule: (flags & 2) !== 0 ? "critical" : "compound",
      leadId,
    };
  }
}
