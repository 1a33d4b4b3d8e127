import type { Answer } from "@troth/intake";
import { receive } from "@troth/intake";
import type { Injector, Plan } from "./faults.ts";
import { doorLimits, type Life } from "./life.ts";
import type { SimWorld } from "./world.ts";

/** One line as it is sent: an event, or something that is none. */
export type Line = { readonly id: string | null; readonly text: string; readonly at: number };

/** What the senders know to have been taken, and what they sent. */
export type Ledger = {
  /** Lines answered as stored or as set aside. */
  readonly acknowledged: Set<Line>;
  /** How often each line was handed in, answered or not. */
  readonly handedIn: Map<Line, number>;
  /** Lines the door said it took as facts, and as set aside, in all its answers that were heard. */
  accepted: number;
  setAside: number;
  heard: number;
};

export type Process = {
  /** The life that runs now, if any. */
  readonly life: () => Life | null;
};

type Shape = { readonly contentType: string; readonly body: (lines: readonly Line[]) => string };

const shapes: readonly Shape[] = [
  {
    contentType: "application/x-ndjson",
    body: (lines) => lines.map(({ text }) => text).join("\n"),
  },
  {
    contentType: "application/cloudevents-batch+json",
    body: (lines) => `[${lines.map(({ text }) => text).join(",")}]`,
  },
];
const single = "application/cloudevents+json";

/** A request under way: forgotten by a process that dies, and then its connection breaks. */
export function openWire(world: SimWorld, process: Process) {
  const breaking = new Set<() => void>();
  const post = async (contentType: string, body: string): Promise<Answer | null> => {
    await world.scheduler.outside("request", Math.floor(world.rng.next() * 20));
    const door = process.life()?.door() ?? null;
    if (door === null) return null;
    const received = { contentType, contentEncoding: "identity", body: Buffer.from(body) };
    return new Promise((resolve) => {
      const broken = (): void => resolve(null);
      breaking.add(broken);
      receive(received, { ...door, limits: doorLimits }).then(
        async (answer) => {
          await world.scheduler.outside("answer", Math.floor(world.rng.next() * 5));
          breaking.delete(broken);
          resolve(answer);
        },
        () => broken(),
      );
    });
  };
  return {
    post,
    /** The process is gone: nobody answers any more. An answer already sent may still arrive. */
    cut: (): void => {
      for (const broken of breaking) broken();
      breaking.clear();
    },
  };
}

export type Wire = ReturnType<typeof openWire>;

type Counted = { readonly accepted: number; readonly setAsideTotal: number };
const isCounted = (body: object): body is Counted => "accepted" in body && "setAsideTotal" in body;

function note(ledger: Ledger, lines: readonly Line[], answer: Answer): boolean {
  const { body } = answer;
  if ((answer.status !== 202 && answer.status !== 400) || !isCounted(body)) return false;
  for (const line of lines) ledger.acknowledged.add(line);
  ledger.accepted += body.accepted;
  ledger.setAside += body.setAsideTotal;
  ledger.heard += lines.length;
  return true;
}

export type SenderOptions = {
  readonly world: SimWorld;
  readonly injector: Injector;
  readonly plan: Plan;
  readonly wire: Wire;
  readonly ledger: Ledger;
  /** The next lines to be sent, shared with the other senders; empty when there are no more. */
  readonly next: () => readonly Line[];
};

/** Sends lines until all are acknowledged, again and again if need be, as a careful sender does. */
export async function send(options: SenderOptions): Promise<void> {
  const { world, injector, plan, wire, ledger, next } = options;
  const { scheduler, rng } = world;
  for (let lines = next(); lines.length > 0; lines = next()) {
    const due = Math.max(...lines.map(({ at }) => at));
    if (due > scheduler.now()) scheduler.leap(due - scheduler.now());
    // One bracket too many spoils an array; of lines it spoils one.
    const isSound = lines.every(({ id }) => id !== null);
    const shape = shapes[Math.floor(rng.next() * (isSound ? shapes.length : 1))];
    const isSingle = lines.length === 1 && rng.next() < 0.5;
    const contentType = isSingle ? single : (shape?.contentType ?? single);
    const body = isSingle ? (lines[0]?.text ?? "") : (shape?.body(lines) ?? "");
    for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, 5_000)) {
      for (const line of lines) ledger.handedIn.set(line, (ledger.handedIn.get(line) ?? 0) + 1);
      const doubled = injector.chance(plan.clientErrorPerPost / 2);
      if (doubled) {
        injector.count("client-doubled");
        for (const line of lines) ledger.handedIn.set(line, (ledger.handedIn.get(line) ?? 0) + 1);
        wire.post(contentType, body).catch(() => undefined);
      }
      const answer = await wire.post(contentType, body);
      const lost = answer !== null && injector.chance(plan.clientErrorPerPost / 2);
      if (lost) injector.count("client-lost-ack");
      world.trace(`answer ${lost ? "lost" : (answer?.status ?? "none")}`);
      if (answer !== null && !lost && note(ledger, lines, answer)) break;
      await scheduler.outside("again", pauseMs);
    }
  }
}
