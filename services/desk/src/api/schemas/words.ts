import { levels, verdicts } from "@troth/events";
import { z } from "zod";

export const time = z.iso.datetime().describe("UTC, ISO 8601 with milliseconds.");
export const level = z.enum(levels);
export const verdict = z.enum(verdicts);
export const count = z.int().min(0);
export const points = z.int().describe("Whole points; negative is credit.");
