import { type AlertDecision, isCustomer, type Joining, type Reference } from "@troth/events";
import { deskLimits } from "../limits.ts";
import { type DeskCustomer, isOpen } from "./customer.ts";
import { type Entry, namesIn, readEntry } from "./entry.ts";
import { inOrder, isAway, type Join } from "./joins.ts";

type KnownAlert = {
  readonly latest: AlertDecision;
  /** Of whom the latest was said. */
  readonly holder: Reference;
  readonly openedAt: number;
};

type Line = { readonly entry: Entry; readonly holder: Reference };

/** What letting go of everything says of a customer: true of the name, and not of the person. */
function isOfLettingGo(entry: Entry): boolean {
  const body = readEntry(entry);
  switch (body.kind) {
    case "verdict":
      return body.because === "identity";
    case "alert":
      return body.state === "recovered" || body.state === "withdrawn";
    case "level":
      return body.level === "none";
    default:
      return false;
  }
}

/**
 * Customers who were ever found to be one. Each keeps what was said of them, as their own partition says
 * it; who is shown with what is worked out from all of that, so that it is the same in whatever order
 * the partitions are read. A line belongs to the customer it came by, and shows with whoever that is now.
 */
export class Family {
  readonly #members = new Map<Reference, DeskCustomer>();
  /** By part, in the order they happened. */
  readonly #joins = new Map<Reference, readonly Join[]>();
  readonly #alerts = new Map<string, KnownAlert>();
  /** Facts taken back from a customer who holds them by others joined into them. */
  readonly #takenBack = new Map<Reference, Set<string>>();
  #isSettled = false;

  /** The family of two customers who are one, or were. */
  static of(one: DeskCustomer, other: DeskCustomer): Family {
    const family = one.family ?? other.family ?? new Family();
    for (const { family: old } of [one, other])
      if (old !== null && old !== family) family.#take(old);
    for (const customer of [one, other]) family.#add(customer);
    return family;
  }

  get members(): readonly DeskCustomer[] {
    return [...this.#members.values()];
  }

  join({ kind, part, whole }: Joining, stamp: number): void {
    const joins = inOrder([...(this.#joins.get(part) ?? []), { kind, whole, stamp }]);
    this.#joins.set(part, joins);
    const last = joins.at(-1);
    const member = this.#members.get(part);
    if (member !== undefined) member.joinedInto = last?.kind === "merge" ? last.whole : null;
    this.#isSettled = false;
  }

  /** Something more was said of a member. */
  stir(): void {
    this.#isSettled = false;
  }

  noteAlert(latest: AlertDecision, since = latest.at): void {
    const known = this.#alerts.get(latest.alertId);
    const { customer: holder } = latest;
    const openedAt = Math.min(known?.openedAt ?? since, since);
    const isNewer = known === undefined || latest.revision >= known.latest.revision;
    this.#alerts.set(
      latest.alertId,
      isNewer ? { latest, holder, openedAt } : { ...known, openedAt },
    );
    this.#isSettled = false;
  }

  takeBack(holder: Reference, facts: readonly string[]): void {
    const taken = this.#takenBack.get(holder) ?? new Set();
    this.#takenBack.set(holder, taken);
    for (const fact of facts) taken.add(fact);
    this.#isSettled = false;
  }

  /** Forgets a member for good. */
  drop({ reference }: DeskCustomer): void {
    this.#members.delete(reference);
    this.#isSettled = false;
  }

  /** Who a member is found to be by now. */
  rootOf(name: Reference): Reference {
    let root = name;
    for (let step = 0; step < deskLimits.joinStepsMax; step += 1) {
      const into = this.#members.get(root)?.joinedInto ?? null;
      if (into === null || !this.#members.has(into)) break;
      root = into;
    }
    return root;
  }

  /** Who is known by a name that is no customer's own. */
  knownBy(name: Reference): DeskCustomer | null {
    this.settle();
    const known = (one: DeskCustomer) => one.joinedInto === null && one.references.includes(name);
    return this.members.find(known) ?? null;
  }

  /** Works out who is shown with what, if anything was heard since. */
  settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const shown = new Map<Reference, Line[]>();
    for (const name of this.#sorted()) shown.set(name, []);
    for (const { line, origin } of this.#lines()) shown.get(this.rootOf(origin))?.push(line);
    for (const [name, lines] of shown) {
      const member = this.#members.get(name);
      if (member === undefined) continue;
      const isOwn = ({ holder }: Line): number => Number(holder !== name);
      lines.sort((a, b) => a.entry.at - b.entry.at || isOwn(a) - isOwn(b));
      const entries = lines.slice(-deskLimits.timelineEntriesMax).map(({ entry }) => entry);
      const with_ = this.members.filter(({ reference }) => this.rootOf(reference) === name);
      const dropped = with_.reduce((sum, { own }) => sum + own.dropped, 0);
      member.standAs({ entries, dropped: dropped + lines.length - entries.length });
      this.#showAlert(member);
    }
  }

  #take(old: Family): void {
    for (const member of old.#members.values()) this.#add(member);
    for (const [part, joins] of old.#joins) this.#joins.set(part, joins);
    for (const [alertId, alert] of old.#alerts) this.#alerts.set(alertId, alert);
    for (const [holder, facts] of old.#takenBack) this.#takenBack.set(holder, facts);
  }

  #add(customer: DeskCustomer): void {
    const isNew = customer.family === null;
    customer.family = this;
    this.#members.set(customer.reference, customer);
    if (isNew && customer.said.alert !== null) {
      const { alert, openedAt } = customer.said;
      this.noteAlert(alert, openedAt ?? alert.at);
    }
  }

  #sorted(): readonly Reference[] {
    return [...this.#members.keys()].sort();
  }

  /** All lines of all members that are about the person, each with the customer it came by. */
  *#lines(): Generator<{ readonly line: Line; readonly origin: Reference }> {
    const owners = this.#owners();
    for (const holder of this.#sorted()) {
      const joins = this.#joins.get(holder) ?? [];
      for (const entry of this.#members.get(holder)?.own.entries ?? []) {
        if (entry.identity === null) {
          const away = isAway(joins, entry.knownAt);
          if (away === "since-before" || (away === "since-then" && isOfLettingGo(entry))) continue;
        } else if (this.#isTakenBack(holder, entry.identity)) continue;
        yield { line: { entry, holder }, origin: this.#originOf(entry, holder, owners) };
      }
    }
  }

  #isTakenBack(holder: Reference, fact: string): boolean {
    for (const [by, facts] of this.#takenBack) if (by !== holder && facts.has(fact)) return true;
    return false;
  }

  /** Whose each name is that is no customer's own: of who was heard of by it first. */
  #owners(): ReadonlyMap<Reference, Reference> {
    const heard: { readonly entry: Entry; readonly holder: Reference; readonly sure: boolean }[] =
      [];
    const gained = new Set([...this.#joins.values()].flat().map(({ whole }) => whole));
    for (const holder of this.#sorted()) {
      for (const entry of this.#members.get(holder)?.own.entries ?? []) {
        if (entry.identity === null) continue;
        heard.push({ entry, holder, sure: entry.origin !== null || !gained.has(holder) });
      }
    }
    // What names its customer, or can be nobody else's, first: the others go by the names those teach.
    heard.sort((a, b) => Number(b.sure) - Number(a.sure) || a.entry.knownAt - b.entry.knownAt);
    const owners = new Map<Reference, Reference>();
    for (const { entry, holder } of heard) {
      const origin = this.#originOf(entry, holder, owners);
      for (const name of namesIn(entry)) {
        if (!isCustomer(name) && !owners.has(name)) owners.set(name, origin);
      }
    }
    return owners;
  }

  #originOf(entry: Entry, holder: Reference, owners: ReadonlyMap<Reference, Reference>): Reference {
    if (entry.origin !== null) return this.#members.has(entry.origin) ? entry.origin : holder;
    for (const name of namesIn(entry)) {
      const owner = owners.get(name);
      if (owner !== undefined) return owner;
    }
    return holder;
  }

  /** An open alert goes with the person into whom a customer is joined, and stays there. */
  #holderOf({ holder, latest }: KnownAlert): Reference {
    let name = holder;
    for (let step = 0; step < deskLimits.joinStepsMax; step += 1) {
      const passed = this.#joins
        .get(name)
        ?.find(({ kind, stamp }) => kind === "merge" && stamp >= latest.at);
      if (passed === undefined) break;
      name = passed.whole;
    }
    return name;
  }

  #showAlert(member: DeskCustomer): void {
    const { reference, said } = member;
    const ownId = said.alert?.alertId;
    const open = [...this.#alerts.values()]
      .filter((one) => isOpen(one.latest) && this.rootOf(this.#holderOf(one)) === reference)
      .sort((a, b) => b.openedAt - a.openedAt || (a.latest.alertId < b.latest.alertId ? -1 : 1));
    const shown = open.find(({ latest }) => latest.alertId === ownId) ?? open[0];
    if (shown !== undefined) member.showAlert(shown.latest, shown.openedAt);
    else if (said.alert !== null && !isOpen(said.alert)) {
      member.showAlert(said.alert, said.openedAt);
    } else member.showAlert(null, null);
  }
}
