import type { ProfileField, ProfileNotes } from "../view/profile.ts";
import { wordsOf } from "./words.ts";

/** Preferences in the words of somebody who is about to talk to the customer. */
const phrases: Readonly<Partial<Record<ProfileField, Readonly<Record<string, string>>>>> = {
  contact: {
    human: "wants a person",
    digital: "wants it digital",
    none: "wants to be left alone",
  },
  pace: { fast: "wants it fast", considered: "wants it with care" },
  price: { lowest: "wants it cheap", service: "service before price" },
  familiarity: { recognise_me: "wants to be known", do_not: "not on first-name terms" },
};

const preferenceFields: readonly ProfileField[] = ["contact", "pace", "price", "familiarity"];
const profileFields: readonly ProfileField[] = ["segment", "tier", "region"];

export const wantsOf = (profile: ProfileNotes): string[] =>
  preferenceFields.flatMap((field) => {
    const value = profile.value(field);
    const phrase = value === null ? undefined : phrases[field]?.[value];
    return phrase === undefined ? [] : [phrase];
  });

export const profileOf = (profile: ProfileNotes): { label: string; value: string }[] =>
  [...profileFields, ...preferenceFields].flatMap((field) => {
    const value = profile.value(field);
    return value === null ? [] : [{ label: wordsOf(field), value }];
  });
