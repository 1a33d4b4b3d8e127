import type { Fact } from "@troth/events";
import type { Who } from "./features.ts";

export const tones = ["angry", "worried", "disappointed", "unhappy", "pleased"] as const;
/** How a customer's own written words sound, as far as it says how to speak with them. */
export type Tone = (typeof tones)[number];

/** A tone, and the fact whose text it was read from. */
export type ToneNote = {
  readonly tone: Tone;
  /** UTC milliseconds at which it was written. */
  readonly at: number;
  readonly fact: { readonly id: string; readonly source: string };
  readonly platform: string | null;
  readonly topic: string | null;
  /** What worked it out. */
  readonly model: string | null;
  readonly confidence: number | null;
};

/** W3C EmotionML's words (big6 and everyday categories) that change how one speaks with somebody. */
const words: Readonly<Record<string, Tone>> = {
  anger: "angry",
  angry: "angry",
  disgust: "angry",
  fear: "worried",
  afraid: "worried",
  worried: "worried",
  sadness: "disappointed",
  sad: "disappointed",
  disappointed: "disappointed",
  happiness: "pleased",
  happy: "pleased",
  pleased: "pleased",
  content: "pleased",
  satisfied: "pleased",
};

/** Beyond it the authors of the lexicon call a text negative or positive. */
const leaning = 0.05;
/** Less sure than this, a guess is not worth acting on. */
const confidenceMin = 0.5;

type Data = Fact["data"];
const groupIn = (data: Data, name: string): Data => {
  const value = data[name];
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Data)
    : {};
};
const textIn = (data: Data, name: string): string | null => {
  const value = data[name];
  return typeof value === "string" ? value : null;
};
const numberIn = (data: Data, name: string): number | null => {
  const value = data[name];
  return typeof value === "number" ? value : null;
};

function toneIn(data: Data): Tone | null {
  const emotion = groupIn(data, "emotion");
  const named = words[textIn(emotion, "category") ?? ""];
  if (named !== undefined && (numberIn(emotion, "confidence") ?? 1) >= confidenceMin) return named;
  const score = numberIn(groupIn(data, "sentiment"), "score");
  if (score === null || Math.abs(score) < leaning) return null;
  return score < 0 ? "unhappy" : "pleased";
}

/**
 * What a fact says of how its customer sounds; null for every fact but what they wrote themselves.
 * Contacts are left out: how a call went is as much about who took it.
 */
export function toneNoteOf({ kind, data, time, id, source }: Fact): ToneNote | null {
  if (kind !== "social.mention") return null;
  const tone = toneIn(data);
  if (tone === null) return null;
  return {
    tone,
    at: time,
    fact: { id, source },
    platform: textIn(data, "platform"),
    topic: textIn(data, "topic"),
    model: textIn(groupIn(data, "sentiment"), "model"),
    confidence: numberIn(groupIn(data, "emotion"), "confidence"),
  };
}

const freshMs = 14 * 86_400_000;
/** Nobody sounds for ever as they once did. */
export const isFresh = (note: ToneNote, now: number): boolean => now - note.at < freshMs;

const openings: Readonly<Record<Tone, readonly string[]>> = {
  angry: [
    "Say sorry for this first, before you explain anything.",
    "Let somebody speak with them who may decide; do not hand them on.",
  ],
  worried: ["Say what happens next and by when, and who watches it."],
  disappointed: ["Name what was promised and was not kept, before you offer anything."],
  unhappy: ["Ask what went wrong for them before you offer anything."],
  pleased: ["Keep it short: they think well of us."],
};

/** How to speak with them. What they prefer comes before how they sound, and money is no part of it. */
export function mannerOf(tone: Tone, { contact }: Pick<Who, "contact">): readonly string[] {
  if (tone === "pleased") return openings[tone];
  const written = contact === "digital" || contact === "none";
  return [
    ...openings[tone],
    written ? "Write: they want no call." : "Call rather than write a letter.",
  ];
}
