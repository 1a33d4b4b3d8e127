import { createHash } from "node:crypto";
import type { Clock, Rng } from "@troth/runtime";
import type { Person } from "./person.ts";

export const sessionMs = { idle: 60 * 60_000, whole: 10 * 60 * 60_000 } as const;
const sessionsMax = 10_000;

type Session = { readonly person: Person; readonly begunAt: number; seenAt: number };

const keyOf = (token: string): string => createHash("sha256").update(token).digest("base64url");

/**
 * Who is signed in, by a token only their browser has; held here is its hash. A session ends an hour
 * after it was last used, ten hours after it began, at sign-out, and with the process.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #held = new Map<string, Session>();

  constructor(clock: Clock, rng: Rng) {
    this.#clock = clock;
    this.#rng = rng;
  }

  /** Gives the token. */
  begin(person: Person): string {
    const now = this.#clock.now();
    for (const [key, session] of this.#held) {
      if (this.#held.size < sessionsMax && this.#stands(session, now)) break;
      this.#held.delete(key);
    }
    const token = `${this.#rng.uuid()}${this.#rng.uuid()}`;
    this.#held.set(keyOf(token), { person, begunAt: now, seenAt: now });
    return token;
  }

  find(token: string): Person | null {
    const key = keyOf(token);
    const session = this.#held.get(key);
    if (session === undefined) return null;
    const now = this.#clock.now();
    if (!this.#stands(session, now)) {
      this.#held.delete(key);
      return null;
    }
    session.seenAt = now;
    return session.person;
  }

  end(token: string): void {
    this.#held.delete(keyOf(token));
  }

  #stands({ begunAt, seenAt }: Session, now: number): boolean {
    return now - seenAt < sessionMs.idle && now - begunAt < sessionMs.whole;
  }
}
