import {
  type AlertDecision,
  type Fact,
  type Flag,
  type Level,
  type Part,
  type Reference,
  referencesOf,
} from "@troth/events";
import { type ToneNote, toneNoteOf } from "@troth/resolution";
import { Standing } from "../acts/standing.ts";
import { deskLimits } from "../limits.ts";
import { type Entry, readEntry } from "./entry.ts";
import type { Family } from "./family.ts";
import { ProfileNotes } from "./profile.ts";
import { Register } from "./register.ts";
import type { Counted } from "./segment-trends.ts";
import { Timeline } from "./timeline.ts";

/** What a list says of why a customer is at risk. */
export type Lead = {
  readonly says: string;
  readonly link: string;
  readonly owner: string;
  /** Things with points, this one among them. */
  readonly among: number;
};

export const isOpen = (alert: AlertDecision): boolean =>
  alert.state !== "recovered" && alert.state !== "withdrawn";

/** What is shown of a timeline. */
export type Shown = Pick<Timeline, "entries" | "dropped">;

/** All the desk holds of one customer. */
export class DeskCustomer {
  readonly reference: Reference;
  /** What was said of this customer alone, whoever they are found to be. */
  readonly own = new Timeline();
  readonly register = new Register();
  tenant: string | null = null;
  level: Level = "none";
  /** As last said, or brought up to the moment when somebody looked. */
  score = 0;
  topLink: string | null = null;
  /** Log time from which the level is above `none`; null while it is `none`. */
  since: number | null = null;
  touchedAt = 0;
  /** The latest alert said of this customer alone, open or closed, and since when it is open. */
  said: { readonly alert: AlertDecision | null; readonly openedAt: number | null } = {
    alert: null,
    openedAt: null,
  };
  lead: Lead | null = null;
  /** The customer this one was found to be. */
  joinedInto: Reference | null = null;
  /** Those who were ever found to be one with this customer; null: nobody. */
  family: Family | null = null;
  #shown: Shown | null = null;
  #alert: DeskCustomer["said"] | null = null;
  #profile = new ProfileNotes();
  #standing = new Standing();
  #tone: ToneNote | null = null;
  /** When they were last asked for an opinion. */
  askedAt: number | null = null;
  /** By invitation; the first answer stands. */
  #answers: Map<string, string> | null = null;
  /** Names the customer is known by. */
  #references = new Set<Reference>();
  #searchText: string | null = null;
  /** How they are counted in the trend of their segment; null: not yet, or no longer. */
  counted: Counted | null = null;
  readonly #listens: boolean;

  constructor(reference: Reference, listens = false) {
    this.reference = reference;
    this.#listens = listens;
  }

  /** What is shown with the customer: what was said of them, and of all who are found to be them. */
  get timeline(): Shown {
    this.family?.settle();
    return this.#shown ?? this.own;
  }

  get profile(): ProfileNotes {
    this.family?.settle();
    return this.#profile;
  }

  get standing(): Standing {
    this.family?.settle();
    return this.#standing;
  }

  /** How they sounded when they last wrote; null where nobody listens. */
  get tone(): ToneNote | null {
    this.family?.settle();
    return this.#tone;
  }

  /** Log time since when the latest alert is open. */
  get openedAt(): number | null {
    this.family?.settle();
    return (this.#alert ?? this.said).openedAt;
  }

  /** The latest alert, open or closed. */
  get alert(): AlertDecision | null {
    this.family?.settle();
    return (this.#alert ?? this.said).alert;
  }

  get openAlert(): AlertDecision | null {
    const { alert } = this;
    return alert !== null && isOpen(alert) ? alert : null;
  }

  /** The segment as far as it was heard; not brought up to what others of the family say. */
  get segmentHeard(): string | null {
    return this.#profile.value("segment");
  }

  /** Link of what weighs most; null when nothing does. */
  get leadLink(): string | null {
    return this.lead?.link ?? this.topLink;
  }

  answerTo(invitationId: string): string | null {
    return this.#answers?.get(invitationId) ?? null;
  }

  get references(): readonly Reference[] {
    this.family?.settle();
    return [...this.#references];
  }

  /** True when one of the customer's names holds `lowered`, which is in lower case. */
  isFound(lowered: string): boolean {
    this.family?.settle();
    this.#searchText ??= [this.reference, ...this.#references].join("\n").toLowerCase();
    return this.#searchText.includes(lowered);
  }

  /** Takes note of what a fact tells about who the customer is; gives names not heard before. */
  note(fact: Fact, names: readonly Reference[]): readonly Reference[] {
    this.tenant ??= fact.tenant;
    this.#profile.fold(fact);
    this.#standing.fold(fact, this.level);
    this.#noteSurvey(fact);
    if (this.#listens) this.#noteTone(fact);
    const fresh = names.filter((name) => name !== this.reference && !this.#references.has(name));
    for (const name of fresh) {
      if (this.#references.size >= deskLimits.referencesMax) break;
      this.#references.add(name);
      this.#searchText = null;
    }
    return fresh;
  }

  #noteTone(fact: Fact): void {
    const note = toneNoteOf(fact);
    if (note !== null && note.at >= (this.#tone?.at ?? 0)) this.#tone = note;
  }

  #noteSurvey({ kind, data, time }: Fact): void {
    const { invitationId, outcome } = data;
    if (typeof invitationId !== "string") return;
    if (kind === "survey.invited") this.askedAt = Math.max(this.askedAt ?? time, time);
    if (kind !== "survey.answered" || typeof outcome !== "string") return;
    this.#answers ??= new Map();
    if (!this.#answers.has(invitationId)) this.#answers.set(invitationId, outcome);
  }

  /** Works out names and profile again from the facts that are left, after some went or came. */
  noteAgain(entries: readonly Entry[]): void {
    this.#references = new Set();
    this.#searchText = null;
    this.#profile = new ProfileNotes();
    this.#standing = new Standing();
    this.#tone = null;
    for (const entry of entries) {
      if (entry.identity === null) continue;
      const body = readEntry(entry);
      if (body.kind === "fact") this.note(body.fact, referencesOf(body.fact));
    }
  }

  /** What the family has worked out. */
  standAs(shown: Shown): void {
    this.#shown = shown;
    this.noteAgain(shown.entries);
  }

  showAlert(alert: AlertDecision | null, openedAt: number | null): void {
    this.#alert = { alert, openedAt };
  }

  /** The score and its reason as of a moment, between two things said of the customer. */
  bringUpTo(flag: Flag | null): void {
    if (flag === null) return;
    this.score = flag.score;
    this.leadBy(flag.parts.find((part) => part.says === flag.says) ?? null, flag.parts);
  }

  leadBy(lead: Part | null, parts: readonly Part[]): void {
    if (lead === null) return;
    const among = parts.filter(({ points }) => points > 0).length;
    this.lead = { says: lead.says, link: lead.link, owner: lead.owner, among };
  }
}
