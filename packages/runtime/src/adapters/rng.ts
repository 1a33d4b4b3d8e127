import { randomUUID } from "node:crypto";
import type { Rng } from "../ports.ts";

export const systemRng: Rng = { next: () => Math.random(), uuid: () => randomUUID() };
