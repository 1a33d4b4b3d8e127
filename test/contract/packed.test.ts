import { beginSnapshot, Engine, emptyState, restoreState, takeAll } from "@troth/engine";
import { type Decision, decisionJson, type Fact, flagJson, parseLine } from "@troth/events";
import { expect, test } from "vitest";
import { defaultPolicy } from "../support/default-policy.ts";
import { randomEvents, seeded } from "../support/random-events.ts";

const policy = defaultPolicy();

/** Facts as they come, each given to the customer its subject names; joining is not at issue here. */
function factsOf(seed: number): readonly Fact[] {
  return randomEvents(seed, 240).flatMap((event) => {
    const fact = parseLine(JSON.stringify(event));
    return fact.ok && !fact.value.kind.startsWith("identity.") ? [fact.value] : [];
  });
}

function feed(engine: Engine, facts: readonly Fact[], said: string[]): void {
  const out = { push: (decision: Decision) => said.push(decisionJson(decision)) };
  let stamp = engine.state.stamp;
  for (const fact of facts) {
    stamp = Math.max(stamp, fact.recordedTime);
    if (fact.subject === null) engine.apply({ kind: "cohort", stamp, fact }, out);
    else
      engine.apply(
        { kind: "fact", stamp, customer: fact.subject, origin: fact.subject, fact },
        out,
      );
  }
}

const flagsOf = (engine: Engine): readonly string[] =>
  [...engine.flags(engine.state.stamp)].map(flagJson);

const restored = (pieces: readonly Buffer[]): Engine =>
  new Engine(policy, restoreState(policy, pieces.values()));

/** What a state means: its flags, and what two months of silence would make it say. */
function meaningOf(engine: Engine): { readonly flags: readonly string[]; readonly said: string } {
  const flags = flagsOf(engine);
  const said: string[] = [];
  const out = { push: (decision: Decision) => said.push(decisionJson(decision)) };
  engine.advance(engine.state.stamp + 60 * 86_400_000, out);
  return { flags, said: said.join("\n") };
}

/** What a snapshot says beside its customers; their names are numbered in the order they were packed in. */
function headOf([head = Buffer.alloc(0)]: readonly Buffer[]): unknown {
  const { names, ...rest } = JSON.parse(head.toString());
  return { ...rest, names: names.length > 0 };
}

test("what is said does not depend on how many customers are kept unpacked", () => {
  const limits = [1, 3];
  for (let seed = 1; seed <= 16; seed += 1) {
    const facts = factsOf(seed);
    const all = new Engine(policy);
    const saidByAll: string[] = [];
    feed(all, facts, saidByAll);
    expect(saidByAll.length).toBeGreaterThan(20);
    for (const open of limits) {
      const few = new Engine(policy, emptyState(policy, open));
      const said: string[] = [];
      feed(few, facts, said);
      expect(said, `seed ${seed}`).toEqual(saidByAll);
      expect(flagsOf(few), `seed ${seed}`).toEqual(flagsOf(all));
    }
  }
});

test("an engine restored from a snapshot goes on as the one it was taken from", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const facts = factsOf(seed);
    const half = Math.floor(facts.length / 2);
    const engine = new Engine(policy);
    const quarter = Math.floor(half / 2);
    feed(engine, facts.slice(0, quarter), []);
    // What was packed for one snapshot and has changed since is packed anew for the next.
    expect(takeAll(beginSnapshot(policy, engine.state)).length).toBeGreaterThan(1);
    feed(engine, facts.slice(quarter, half), []);
    const pieces = takeAll(beginSnapshot(policy, engine.state));
    const restored = new Engine(policy, restoreState(policy, pieces.values()));
    expect(restored.customers).toBe(engine.customers);
    expect(takeAll(beginSnapshot(policy, restored.state)), `seed ${seed}`).toEqual(pieces);
    const [went, goes]: [string[], string[]] = [[], []];
    feed(engine, facts.slice(half), went);
    feed(restored, facts.slice(half), goes);
    expect(goes, `seed ${seed}`).toEqual(went);
    expect(flagsOf(restored), `seed ${seed}`).toEqual(flagsOf(engine));
  }
});

test("a snapshot taken a little at a time, while more happens, is of the moment it was begun", () => {
  let changed = 0;
  for (let seed = 1; seed <= 12; seed += 1) {
    const facts = factsOf(seed);
    for (const open of [1, 3, undefined]) {
      const engine = new Engine(policy, emptyState(policy, open));
      const twin = new Engine(policy);
      const next = seeded(seed);
      const rest = [...facts];
      const goOn = (): void => {
        const some = rest.splice(0, Math.floor(next() * 12));
        const change = (["watched", "silent", "back"] as const)[Math.floor(next() * 3)] ?? "back";
        for (const one of [engine, twin]) {
          feed(one, some, []);
          const { stamp } = one.state;
          one.apply(
            { kind: "source", stamp, source: 0, change, heard: stamp },
            { push: () => undefined },
          );
        }
      };
      while (rest.length > 0) {
        goOn();
        const whole = takeAll(beginSnapshot(policy, twin.state));
        const before = meaningOf(restored(whole));
        const taking = beginSnapshot(policy, engine.state);
        // One customer at a time, so that some are taken before and some after they change.
        while (!taking.step(1)) goOn();
        const pieces = taking.pieces();
        expect(meaningOf(restored(pieces)), `seed ${seed}, ${open} open`).toEqual(before);
        expect(headOf(pieces)).toEqual(headOf(whole));
        if (flagsOf(engine).join() !== before.flags.join()) changed += 1;
      }
    }
  }
  expect(changed).toBeGreaterThan(50);
});

test("a snapshot that lacks a piece, or belongs to another policy, is refused", () => {
  const engine = new Engine(policy);
  feed(engine, factsOf(1), []);
  const pieces = takeAll(beginSnapshot(policy, engine.state));
  expect(() => restoreState(policy, pieces.slice(0, -1).values())).toThrow("ends too early");
  const [head = Buffer.alloc(0), ...rest] = pieces;
  expect(() => restoreState(policy, [head, ...rest.slice(1)].values())).toThrow("lacks customers");
  expect(() => restoreState({ ...policy, hash: "0" }, pieces.values())).toThrow("another policy");
  expect(() => restoreState(policy, [].values())).toThrow("ends too early");
});
