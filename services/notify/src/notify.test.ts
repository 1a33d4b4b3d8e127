import { openSimulatedDisk, openSimulatedRng, type SimulatedDisk } from "@troth/runtime";
import { describe, expect, test } from "vitest";
import {
  alertAt,
  flagAt,
  open,
  openCollector,
  openHalfDeadReceiver,
  webhookTo,
} from "./fixture.ts";
import type { Message } from "./message.ts";

const newDisk = (): SimulatedDisk => openSimulatedDisk({ rng: openSimulatedRng(1) });
const words = (got: readonly { message: Message }[]): string[] =>
  got.map(({ message }) =>
    message.kind === "storm"
      ? `${message.owner} ${message.alerts} more`
      : `${message.id} ${"state" in message ? message.state : message.kind} ${message.revision}`,
  );

describe("a notifier that has caught up", () => {
  test("tells each revision of an alert once, in order, with an id of its own", async () => {
    const { channel, got } = openCollector();
    const { notify } = await open(newDisk().attach(), [channel]);
    notify.caughtUp();
    const said = [
      alertAt(1, { id: "a" }),
      alertAt(2, { id: "a", revision: 2, state: "amended" }),
      alertAt(2, { id: "a", revision: 2, state: "amended" }),
      alertAt(3, { id: "a", revision: 3, state: "recovered" }),
    ];
    for (const output of said) {
      notify.fold(output);
      await notify.idle();
    }
    expect(words(got)).toEqual(["a opened 1", "a amended 2", "a recovered 3"]);
    expect(got.map(({ id }) => id)).toEqual(["a:1:test", "a:2:test", "a:3:test"]);
    expect(notify.waiting()).toBe(0);
    await notify.close();
  });

  test("sends only the newest revision when the older ones could not be sent", async () => {
    let up = false;
    const { channel, got } = openCollector();
    const flaky = {
      ...channel,
      send: (message: Message, id: string) =>
        up
          ? channel.send(message, id)
          : Promise.resolve({ arrived: false, why: "down", afterMs: null } as const),
    };
    const { notify, clock } = await open(newDisk().attach(), [flaky]);
    notify.caughtUp();
    for (let revision = 1; revision <= 5; revision++) {
      notify.fold(
        alertAt(revision, { id: "a", revision, state: revision === 1 ? "opened" : "amended" }),
      );
      await notify.idle();
    }
    up = true;
    clock.advance(1_000_000);
    await notify.idle();
    expect(words(got)).toEqual(["a amended 5"]);
    await notify.close();
  });

  test("does not let one channel that is down hold up another", async () => {
    const { channel, got } = openCollector("good");
    const down = { name: "down", send: () => new Promise<never>(() => undefined) };
    const { notify } = await open(newDisk().attach(), [down, channel]);
    notify.caughtUp();
    for (let n = 1; n <= 3; n++) notify.fold(alertAt(n, { id: `a${n}` }));
    for (let i = 0; i < 1_000 && got.length < 3; i++) await Promise.resolve();
    expect(words(got)).toHaveLength(3);
  });

  test("backs off longer and longer, up to five minutes, and gives up in the end", async () => {
    let tries = 0;
    const dead = {
      name: "dead",
      send: () => {
        tries += 1;
        return Promise.resolve({ arrived: false, why: "answered 500", afterMs: null } as const);
      },
    };
    const { notify, clock, told } = await open(newDisk().attach(), [dead]);
    notify.caughtUp();
    notify.fold(alertAt(1, { id: "a" }));
    const after: number[] = [];
    for (let seconds = 0; seconds < 1_500; seconds++) {
      const before = tries;
      await notify.idle();
      if (tries > before) after.push(seconds);
      clock.advance(1_000);
    }
    expect(after).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1_111, 1_411]);
    for (let i = 0; i < 900; i++) {
      clock.advance(300_000);
      await notify.idle();
    }
    expect(tries).toBe(900);
    expect(told.at(-1)).toEqual({ what: "gave up", id: "a" });
    expect(notify.waiting()).toBe(0);
    await notify.close();
  });
});

describe("a notifier that starts", () => {
  test("tells nobody of what was over before, and of what still stands as it stands", async () => {
    const { channel, got } = openCollector();
    const { notify } = await open(newDisk().attach(), [channel]);
    notify.fold(alertAt(1, { id: "over" }));
    notify.fold(alertAt(2, { id: "stands" }));
    notify.fold(alertAt(3, { id: "over", revision: 2, state: "recovered" }));
    notify.fold(alertAt(4, { id: "stands", revision: 2, state: "amended" }));
    notify.fold(alertAt(5, { id: "taken back", state: "withdrawn", revision: 2 }));
    await notify.idle();
    expect(got).toEqual([]);
    notify.caughtUp();
    await notify.idle();
    expect(words(got)).toEqual(["stands amended 2"]);
    notify.fold(alertAt(6, { id: "over", revision: 3, state: "withdrawn" }));
    await notify.idle();
    expect(got).toHaveLength(1);
    await notify.close();
  });

  test("tells that an alert is over to whom it told of it before it stopped, and repeats nothing", async () => {
    const disk = newDisk();
    const { channel, got } = openCollector();
    const log = [
      alertAt(1, { id: "a" }),
      alertAt(2, { id: "b" }),
      alertAt(3, { id: "a", revision: 2, state: "recovered" }),
    ];
    const before = await open(disk.attach(), [channel]);
    before.notify.caughtUp();
    for (const output of log.slice(0, 2)) before.notify.fold(output);
    await before.notify.idle();
    await before.notify.close();
    const after = await open(disk.attach(), [channel]);
    for (const output of log) after.notify.fold(output);
    after.notify.caughtUp();
    await after.notify.idle();
    expect(words(got)).toEqual(["a opened 1", "b opened 1", "a recovered 2"]);
    await after.notify.close();
  });

  test("is the only one on its journal", async () => {
    const disk = newDisk().attach();
    const { notify } = await open(disk, []);
    await expect(open(disk, [])).rejects.toMatchObject({ code: "locked" });
    await notify.close();
    await (await open(disk, [])).notify.close();
  });

  test("goes on from a journal that was written afresh when it had grown long", async () => {
    const disk = newDisk();
    const { channel, got } = openCollector();
    const first = await open(disk.attach(), [channel], { journalBytes: 20_000 });
    first.notify.caughtUp();
    const log = [];
    for (let n = 0; n < 400; n++) {
      log.push(alertAt(2 * n, { id: `a${n}`, minute: n }));
      if (n !== 7) {
        log.push(alertAt(2 * n + 1, { id: `a${n}`, revision: 2, state: "recovered", minute: n }));
      }
    }
    let longest = 0;
    for (const output of log) {
      first.notify.fold(output);
      await first.notify.idle();
      longest = Math.max(longest, disk.peek("/notify/journal")?.length ?? 0);
    }
    await first.notify.close();
    expect(longest).toBeLessThan(25_000);
    expect(got).toHaveLength(799);
    const second = await open(disk.attach(), [channel]);
    for (const output of log) second.notify.fold(output);
    second.notify.caughtUp();
    second.notify.fold(alertAt(1_000, { id: "a7", revision: 2, state: "recovered", minute: 400 }));
    await second.notify.idle();
    expect(words(got).slice(799)).toEqual(["a7 recovered 2"]);
    await second.notify.close();
  });
});

describe("a storm of alerts", () => {
  test("is told as its first few and one line with the number of the rest, for each owner", async () => {
    const { channel, got } = openCollector();
    const { notify } = await open(newDisk().attach(), [channel], { alertsPerOwnerAndMinute: 3 });
    notify.caughtUp();
    for (let n = 0; n < 100; n++) notify.fold(alertAt(n, { id: `a${n}` }));
    notify.fold(alertAt(100, { id: "other", owner: "finance" }));
    await notify.idle();
    expect(words(got)).toEqual(["a0 opened 1", "a1 opened 1", "a2 opened 1", "other opened 1"]);
    notify.fold(flagAt(101, 1));
    await notify.idle();
    expect(words(got).slice(4)).toEqual(["logistics 97 more"]);
    notify.fold(alertAt(102, { id: "next", minute: 1 }));
    await notify.idle();
    expect(words(got).slice(5)).toEqual(["next opened 1"]);
    await notify.close();
  });

  test("does not swallow how a told alert went on, and says nothing of one that was only counted", async () => {
    const { channel, got } = openCollector();
    const { notify } = await open(newDisk().attach(), [channel], { alertsPerOwnerAndMinute: 1 });
    notify.caughtUp();
    notify.fold(alertAt(1, { id: "told" }));
    notify.fold(alertAt(2, { id: "counted" }));
    notify.fold(alertAt(3, { id: "counted", revision: 2, state: "recovered" }));
    notify.fold(alertAt(4, { id: "told", revision: 2, state: "recovered" }));
    await notify.idle();
    expect(words(got)).toEqual(["told recovered 2"]);
    await notify.close();
  });

  test("is told after a minute also when the log goes quiet, and again when it grows", async () => {
    const { channel, got } = openCollector();
    const { notify, clock } = await open(newDisk().attach(), [channel], {
      alertsPerOwnerAndMinute: 1,
    });
    notify.caughtUp();
    for (let n = 0; n < 5; n++) notify.fold(alertAt(n, { id: `a${n}` }));
    clock.advance(60_000);
    await notify.idle();
    for (let n = 5; n < 7; n++) notify.fold(alertAt(n, { id: `a${n}` }));
    notify.fold(flagAt(8, 5));
    await notify.idle();
    expect(words(got)).toEqual(["a0 opened 1", "logistics 4 more", "logistics 6 more"]);
    expect(new Set(got.map(({ id }) => id)).size).toBe(3);
    await notify.close();
  });

  test("of a whole backlog counts as one minute", async () => {
    const { channel, got } = openCollector();
    const { notify, clock } = await open(newDisk().attach(), [channel], {
      alertsPerOwnerAndMinute: 2,
    });
    for (let n = 0; n < 50; n++) notify.fold(alertAt(n, { id: `a${n}`, minute: n * 1_440 }));
    notify.caughtUp();
    clock.advance(60_000);
    await notify.idle();
    expect(words(got)).toEqual(["a0 opened 1", "a1 opened 1", "logistics 48 more"]);
    await notify.close();
  });

  test("is counted right across a stop in the middle of it", async () => {
    const disk = newDisk();
    const { channel, got } = openCollector();
    const log = Array.from({ length: 30 }, (_, n) => alertAt(n, { id: `a${n}` }));
    const first = await open(disk.attach(), [channel], { alertsPerOwnerAndMinute: 5 });
    first.notify.caughtUp();
    for (const output of log.slice(0, 20)) first.notify.fold(output);
    await first.notify.idle();
    await first.notify.close();
    const second = await open(disk.attach(), [channel], { alertsPerOwnerAndMinute: 5 });
    for (const output of log) second.notify.fold(output);
    second.notify.caughtUp();
    second.notify.fold(flagAt(31, 1));
    await second.notify.idle();
    expect(words(got).at(-1)).toBe("logistics 25 more");
    expect(got).toHaveLength(6);
    await second.notify.close();
  });
});

describe("a receiver that fails half the time and a machine that keeps going down", () => {
  /** 10,000 in `pnpm test:notify`. */
  const alerts = Number(process.env["TROTH_ALERTS"] ?? 1_000);

  /** What ten lives of a notifier do to alerts of one to three revisions each. */
  async function ordeal(seed: number) {
    const rng = openSimulatedRng(seed);
    const disk = openSimulatedDisk({ rng });
    const receiver = openHalfDeadReceiver(() => rng.next());
    const log = [];
    const last = new Map<string, number>();
    for (let revision = 1; revision <= 3; revision++) {
      for (let n = 0; n < alerts; n++) {
        if (revision > 1 && rng.next() < 0.5) continue;
        const id = `alert-${n}`;
        const told = last.get(id) ?? 0;
        last.set(id, told + 1);
        log.push(
          alertAt(log.length, {
            id,
            revision: told + 1,
            state: told === 0 ? "opened" : "amended",
            minute: log.length,
          }),
        );
      }
    }
    let crashes = 0;
    for (let life = 1; life <= 10; life++) {
      const known = Math.floor((log.length * life) / 10);
      const clock = { now: () => 0 };
      const { notify, clock: time } = await open(disk.attach(), [webhookTo(receiver.http, clock)], {
        alertsPerOwnerAndMinute: 1e9,
      });
      for (const output of log.slice(0, Math.floor(known / 2))) notify.fold(output);
      notify.caughtUp();
      for (const output of log.slice(Math.floor(known / 2), known)) notify.fold(output);
      const turns = life < 10 ? Math.floor(rng.next() * 4 * alerts) : 0;
      for (let turn = 0; turn < turns; turn++) {
        if (turn % 100 === 0) time.advance(1_000);
        await Promise.resolve();
      }
      if (life < 10) {
        disk.crash();
        crashes += 1;
        continue;
      }
      for (let turn = 0; turn < 5 * alerts && notify.waiting() > 0; turn++) {
        await notify.idle();
        time.advance(60_000);
      }
      expect(notify.waiting()).toBe(0);
      await notify.close();
    }
    return { effects: receiver.effects, unheard: receiver.unheard(), last, crashes };
  }

  test.each([1, 2, 3])(
    "lose none of the alerts and take back no revision (seed %i)",
    { timeout: 60_000 + alerts * 30 },
    async (seed) => {
      const { effects, unheard, last, crashes } = await ordeal(seed);
      const seen = new Map<string, number>();
      let regressions = 0;
      const ids = new Map<string, string>();
      for (const { id, alert, revision } of effects) {
        if (revision < (seen.get(alert) ?? 0)) regressions += 1;
        seen.set(alert, Math.max(revision, seen.get(alert) ?? 0));
        const name = `${alert} ${revision}`;
        expect(ids.get(name) ?? id).toBe(id);
        ids.set(name, id);
      }
      expect(crashes).toBe(9);
      expect(regressions).toBe(0);
      const lost = [...last].filter(([alert, revision]) => seen.get(alert) !== revision);
      expect(lost).toEqual([]);
      // Some are repeated, or this ordeal would show nothing: those whose answer nobody heard.
      const repeated = effects.length - ids.size;
      expect(repeated).toBeGreaterThan(0);
      expect(repeated).toBeLessThanOrEqual(crashes + unheard);
      process.stdout.write(
        `notify: ${alerts} alerts, ${ids.size} revisions told, ${effects.length} effects; ${lost.length} lost, ` +
          `${regressions} taken back, ${repeated} repeated under the same id, of ${unheard} answers nobody heard and ${crashes} crashes\n`,
      );
    },
  );
});
