import type { Decision } from "@troth/events";

/** Where decisions go, in the order they are made; an array will do. */
export type Out = { push(decision: Decision): unknown };
