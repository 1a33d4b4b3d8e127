import { type Level, levels, type Verdict, verdicts } from "@troth/events";

/*
 * Verdicts as the numbers they are in memory: their place in the vocabulary.
 */

export const open = verdicts.indexOf("open");
export const atRisk = verdicts.indexOf("at-risk");
export const overdue = verdicts.indexOf("overdue");
export const sourceBlind = verdicts.indexOf("source-blind");
export const kept = verdicts.indexOf("kept");
export const broken = verdicts.indexOf("broken");
export const renegotiated = verdicts.indexOf("renegotiated");
export const withdrawn = verdicts.indexOf("withdrawn");
export const voided = verdicts.indexOf("void");
export const unverifiable = verdicts.indexOf("unverifiable");

export const verdictWord = (verdict: number): Verdict => verdicts[verdict] ?? "void";
export const levelWord = (level: number): Level => levels[level] ?? "none";

export const levelCode = (level: Level): number => levels.indexOf(level);
