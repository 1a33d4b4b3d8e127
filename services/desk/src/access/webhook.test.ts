import { openSimulatedClock, openSimulatedRng } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import { keyOf, openWebhooks, signWebhook } from "./webhook.ts";

const now = Date.UTC(2026, 2, 2, 10);
const secret = `whsec_${Buffer.from("a secret of thirty-two bytes, ok").toString("base64")}`;
const older = `whsec_${Buffer.from("the one of last month, also long").toString("base64")}`;
const body = Buffer.from('{"type":"survey.answered","data":{"outcome":"enjoyed"}}');
const [id, timestamp] = ["msg_1", String(now / 1_000)];
const signature = signWebhook(secret, id, timestamp, body);
const opened = (at = now) => openWebhooks([secret, older], openSimulatedClock(at));

describe("a webhook is let in", () => {
  test("when its signature is the one the specification's example has", () => {
    const example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const text = Buffer.from('{"test": 2432232314}');
    expect(signWebhook(example, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", text)).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });

  test("when it is signed by a secret that is being replaced, or by two", () => {
    const old = signWebhook(older, id, timestamp, body);
    const wrong = `v1,${Buffer.alloc(32).toString("base64")}`;
    for (const header of [signature, old, `${wrong} ${signature}`, `v2,x ${old}`]) {
      const checked = opened().check({ id, timestamp, signature: header }, body);
      expect(checked).toEqual({ ok: true, value: { id, isRepeated: false } });
    }
  });

  test("for five minutes either way, and not a second more", () => {
    const check = (at: number) => opened(at).check({ id, timestamp, signature }, body).ok;
    expect([-300, 300].map((s) => check(now + s * 1_000))).toEqual([true, true]);
    expect([-301, 301].map((s) => check(now + s * 1_000))).toEqual([false, false]);
  });

  test("and known again for a day", () => {
    const clock = openSimulatedClock(now);
    const webhooks = openWebhooks([secret], clock);
    const repeated = (): boolean => {
      const stamp = String(Math.floor(clock.now() / 1_000));
      const header = signWebhook(secret, id, stamp, body);
      const checked = webhooks.check({ id, timestamp: stamp, signature: header }, body);
      return checked.ok && checked.value.isRepeated;
    };
    expect(repeated()).toBe(false);
    webhooks.done(id);
    expect(repeated()).toBe(true);
    clock.advance(24 * 3_600_000 - 1);
    expect(repeated()).toBe(true);
    clock.advance(1);
    expect(repeated()).toBe(false);
  });
});

test("a secret too short to keep anybody out is refused at the start", () => {
  expect(() => keyOf("whsec_c2hvcnQ=")).toThrow(/24 bytes/);
});

/** One thing about the request is not as the sender wrote it. */
function mutated(random: () => number) {
  const below = (count: number): number => Math.floor(random() * count);
  const flipped = (text: string): string => {
    const at = below(text.length);
    const other = String.fromCharCode(33 + ((text.charCodeAt(at) - 33 + 1 + below(92)) % 94));
    return text.slice(0, at) + other + text.slice(at + 1);
  };
  const bytes = Buffer.from(body);
  switch (below(8)) {
    case 0: {
      const at = below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      return { headers: { id, timestamp, signature }, bytes };
    }
    case 1:
      return { headers: { id: flipped(id), timestamp, signature }, bytes };
    case 2:
      return { headers: { id, timestamp: flipped(timestamp), signature }, bytes };
    case 3:
      return { headers: { id, timestamp, signature: flipped(signature) }, bytes };
    case 4:
      return { headers: { id, timestamp, signature: signature.slice(0, below(47)) }, bytes };
    case 5:
      return { headers: { id, timestamp, signature }, bytes: bytes.subarray(0, below(55)) };
    case 6:
      return { headers: { id, timestamp, signature }, bytes: Buffer.concat([bytes, bytes]) };
    default: {
      const key = `whsec_${Buffer.from(Array.from({ length: 32 }, () => below(256))).toString("base64")}`;
      return {
        headers: { id, timestamp, signature: signWebhook(key, id, timestamp, body) },
        bytes,
      };
    }
  }
}

test("of a million requests with one thing wrong none is let in", { timeout: 60_000 }, () => {
  const rng = openSimulatedRng(8);
  const webhooks = openWebhooks([secret], openSimulatedClock(now));
  let accepted = 0;
  for (let turn = 0; turn < 1_000_000; turn += 1) {
    const { headers, bytes } = mutated(rng.next);
    if (webhooks.check(headers, bytes).ok) accepted += 1;
  }
  expect(accepted).toBe(0);
  expect(webhooks.check({ id, timestamp, signature }, body).ok).toBe(true);
});

test("how long a signature takes to check is measured, for one that fits and for those that do not", () => {
  const right = Buffer.from(signature.slice(3), "base64");
  const wrong = (at: number): string => {
    const bytes = Buffer.from(right);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return `v1,${bytes.toString("base64")}`;
  };
  const kinds = { fits: signature, "first byte": wrong(0), "last byte": wrong(31) };
  const { check } = opened();
  const [rounds, each] = [1_000, 100];
  const took = new Map<string, number[]>();
  const passed = new Map<string, number>();
  // Turn by turn, each kind first as often as the others, so that what else the machine does meets all alike.
  const names = Object.entries(kinds);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const [name, header] = names[(round + turn) % names.length] ?? ["", ""];
      const began = performance.now();
      for (let n = 0; n < each; n += 1) {
        if (check({ id, timestamp, signature: header }, body).ok)
          passed.set(name, (passed.get(name) ?? 0) + 1);
      }
      took.set(name, [...(took.get(name) ?? []), performance.now() - began]);
    }
  }
  const median = (name: string): number => {
    const all = [...(took.get(name) ?? [])].sort((a, b) => a - b);
    return ((all[all.length / 2] ?? 0) * 1_000) / each;
  };
  const base = median("fits");
  const told = names.map(([name]) => {
    const off = ((median(name) - base) / base) * 100;
    return `${name} ${median(name).toFixed(3)} µs (${off >= 0 ? "+" : ""}${off.toFixed(2)} %)`;
  });
  process.stdout.write(`webhook signatures, ${rounds * each} of each: ${told.join(", ")}\n`);
  expect(Object.fromEntries(passed)).toEqual({ fits: rounds * each });
}, 60_000);
