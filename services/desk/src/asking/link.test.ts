import { describe, expect, test } from "vitest";
import { linkToken, readToken } from "./link.ts";

const secret = Buffer.alloc(32, 5);
const now = Date.UTC(2026, 2, 2);
const invitation = { tenant: "default", invitationId: "ask-1", until: now + 1_000 };
const token = linkToken(secret, invitation);

describe("a link to the survey page", () => {
  test("says which invitation it is, until it is over", () => {
    expect(readToken(secret, token, now)).toEqual(invitation);
    expect(readToken(secret, token, now + 999)).toEqual(invitation);
    expect(readToken(secret, token, now + 1_000)).toBeNull();
  });

  test("names no customer", () => {
    const [text = ""] = token.split(".");
    expect(Buffer.from(text, "base64url").toString()).toBe(
      `["default","ask-1",${invitation.until}]`,
    );
  });

  test("opens nothing with one character another, more or less, or under another secret", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    let tried = 0;
    for (let at = 0; at <= token.length; at += 1) {
      for (const other of alphabet) {
        for (const forged of [
          token.slice(0, at) + other + token.slice(at + 1),
          token.slice(0, at) + other + token.slice(at),
          token.slice(0, at),
        ]) {
          if (forged === token) continue;
          tried += 1;
          expect(readToken(secret, forged, now)).toBeNull();
        }
      }
    }
    expect(tried).toBeGreaterThan(10_000);
    expect(readToken(Buffer.alloc(32, 6), token, now)).toBeNull();
  });
});
