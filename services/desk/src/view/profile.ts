import type { Fact } from "@troth/events";

const profileFields = ["segment", "tier", "region"] as const;
const preferenceFields = ["contact", "pace", "price", "familiarity"] as const;
export type ProfileField = (typeof profileFields)[number] | (typeof preferenceFields)[number];

type Held = { readonly value: string; readonly at: number; readonly declared: boolean };

/** What is known of a customer now: the latest of each field, and what they said before what we guessed. */
export class ProfileNotes {
  readonly #held = new Map<ProfileField, Held>();

  value(field: ProfileField): string | null {
    return this.#held.get(field)?.value ?? null;
  }

  fold({ kind, data, time }: Fact): void {
    if (kind === "profile.updated") {
      for (const field of profileFields) this.#put(field, data[field], time, true);
    }
    if (kind === "preference.set") {
      const declared = data["basis"] !== "inferred";
      for (const field of preferenceFields) this.#put(field, data[field], time, declared);
    }
  }

  #put(field: ProfileField, value: unknown, at: number, declared: boolean): void {
    if (typeof value !== "string") return;
    const held = this.#held.get(field);
    const wins = held === undefined || (declared === held.declared ? at >= held.at : declared);
    if (wins) this.#held.set(field, { value, at, declared });
  }
}
