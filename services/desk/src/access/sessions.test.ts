import { openSimulatedClock, openSimulatedRng } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { cookiesFor } from "./cookies.ts";
import type { Person } from "./person.ts";
import { openRate } from "./rate.ts";
import { Sessions, sessionMs } from "./sessions.ts";

const person: Person = {
  pseudonym: "staff-1",
  name: "one",
  role: "rep",
  tenant: "default",
  teams: null,
};

describe("a session", () => {
  test("ends an hour after it was last used, and ten hours after it began however busy", () => {
    const clock = openSimulatedClock(0);
    const sessions = new Sessions(clock, openSimulatedRng(1));
    const idle = sessions.begin(person);
    clock.advance(sessionMs.idle - 1);
    expect(sessions.find(idle)).toEqual(person);
    clock.advance(sessionMs.idle);
    expect(sessions.find(idle)).toBeNull();
    const busy = sessions.begin(person);
    const step = sessionMs.idle / 2;
    for (let passed = step; passed < sessionMs.whole; passed += step) {
      clock.advance(step);
      expect(sessions.find(busy)).toEqual(person);
    }
    clock.advance(step);
    expect(sessions.find(busy)).toBeNull();
  });

  test("ends at sign-out, and no other does", () => {
    const sessions = new Sessions(openSimulatedClock(0), openSimulatedRng(1));
    const [one, two] = [sessions.begin(person), sessions.begin(person)];
    sessions.end(one);
    expect([one, two, "", "x"].map((token) => sessions.find(token))).toEqual([
      null,
      person,
      null,
      null,
    ]);
  });
});

describe("a cookie", () => {
  test("over https carries every mark by which a browser keeps it from others", () => {
    const set = cookiesFor(true).set("session", "token", 60);
    expect(set).toBe("__Host-troth-desk=token; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
  });

  test("that is there twice, or only like ours, is not read", () => {
    const { read } = cookiesFor(false);
    expect(read("troth-desk=a; x=1", "session")).toBe("a");
    expect(read("troth-desk=a; troth-desk=b", "session")).toBeNull();
    expect(read("my-troth-desk=a", "session")).toBeNull();
    expect(read(undefined, "session")).toBeNull();
  });
});

test("whoever asks too fast waits, and nobody else does", () => {
  const clock = openSimulatedClock(0);
  const rate = openRate(clock, 10, 2);
  const taken = Array.from({ length: 12 }, () => rate.take("a"));
  expect(taken).toEqual([...Array(10).fill(0), 1, 1]);
  expect(rate.take("b")).toBe(0);
  clock.advance(500);
  expect([rate.take("a"), rate.take("a")]).toEqual([0, 1]);
});
