import type { TruthLine } from "@troth/truth";
import { line } from "../../packages/truth/src/world.fixture.ts";

/** A line of truth in which a test says only what it is about; nobody has answered yet. */
export const truthLine = (more: Partial<TruthLine>): TruthLine => line({ outcome: null, ...more });
