import { systemHttp } from "@troth/runtime";
import type { Command } from "commander";
import { exitCodes, InputError } from "./exit.ts";
import { keysArgument } from "./keys/open-keys.ts";
import { correct, correctionsOf, noteSent, sentOf } from "./set-aside/corrections.ts";
import { openRoom } from "./set-aside/items.ts";

type Place = { readonly keys?: string };

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

async function list(path: string, { keys }: Place): Promise<number> {
  const room = await openRoom(path, keys);
  const [corrections, sent] = [await correctionsOf(room), await sentOf(room)];
  const counts = new Map<string, number>();
  for (const item of room.items) {
    const state = sent.has(item.sha256) ? "sent" : corrections.has(item.sha256) ? "fixed" : "open";
    const { number, line, reason, field, message, raw } = item;
    print({ number, line, reason, field, message, state, raw: raw?.slice(0, 200) ?? null });
    if (state === "open") counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const open = [...counts].map(([reason, count]) => `${count} ${reason}`).join(", ");
  process.stderr.write(
    `${room.items.length} set aside${open === "" ? ", none open" : `; open: ${open}`}\n`,
  );
  return counts.size > 0 ? exitCodes.found : exitCodes.ok;
}

async function send(url: string, lines: readonly string[]): Promise<void> {
  const answer = await systemHttp.send({
    method: "POST",
    url,
    headers: { "content-type": "application/x-ndjson" },
    body: lines.join("\n"),
    timeoutMs: 30_000,
    answerBytesMax: 1 << 20,
  });
  if (answer.status !== 202) {
    throw new InputError(`${url} answered ${answer.status}: ${answer.body.toString("utf8")}`);
  }
}

/** Corrections go where they were missing, once: to a running door, or to stdout for `replay`. */
async function replayFixed(
  path: string,
  options: Place & { readonly to?: string },
): Promise<number> {
  const room = await openRoom(path, options.keys);
  const [corrections, sent] = [await correctionsOf(room), await sentOf(room)];
  const ready = [...corrections].filter(([hash]) => !sent.has(hash));
  const batch = 500;
  for (let i = 0; i < ready.length; i += batch) {
    const some = ready.slice(i, i + batch);
    const lines = some.map(([, fixed]) => fixed);
    if (options.to === undefined) process.stdout.write(lines.map((line) => `${line}\n`).join(""));
    else {
      await send(options.to, lines);
      await noteSent(
        room,
        some.map(([hash]) => hash),
      );
    }
  }
  const how = options.to === undefined ? "written" : "accepted";
  process.stderr.write(`${ready.length} corrected events ${how}, ${sent.size} sent before\n`);
  return exitCodes.ok;
}

type Fix = Place & { readonly set: string[]; readonly event?: string };

const keysOption = [
  "--keys <place>",
  `where the keys of a data folder are, unless in it: ${keysArgument}`,
] as const;

const numberOf = (text: string): number => {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new InputError(`${text}: give the number that \`set-aside list\` shows`);
};

export function addSetAside(program: Command): void {
  const group = program
    .command("set-aside")
    .description("What could not be read: list it, put it right, replay it without duplicates.")
    .addHelpText(
      "after",
      `
PATH is the --out folder of replay or the --data folder of start.

Examples:
  troth set-aside list judged
  troth set-aside fix judged 3 --set time=2018-01-14T10:00:00Z
  troth set-aside replay judged >> events.jsonl              (then replay events.jsonl again)
  troth set-aside replay .troth --to http://127.0.0.1:8781/v1/events`,
    );
  group
    .command("list <path>")
    .description("each item with reason, field and remedy; exit 1 if any is still open")
    .option(...keysOption)
    .action(async (path: string, options: Place) => {
      process.exitCode = await list(path, options);
    });
  group
    .command("fix <path> <number>")
    .description("correct fields of an item, or give the whole event")
    .option(
      "--set <path=value...>",
      "set a field, such as data.deliveredAt=2018-01-14T10:00:00Z",
      [],
    )
    .option("--event <json>", "the whole event as it should have been")
    .option(...keysOption)
    .action(async (path: string, number: string, options: Fix) => {
      const room = await openRoom(path, options.keys);
      if (options.set.length === 0 && options.event === undefined) {
        throw new InputError("say what to correct: --set path=value or --event '{…}'");
      }
      const fixed = await correct(room, numberOf(number), options.set, options.event ?? null);
      process.stdout.write(`${fixed}\n`);
    });
  group
    .command("replay <path>")
    .description("hand on what was put right; with --to, only what was not sent before")
    .option("--to <url>", "the door of a running troth; without it they are written to stdout")
    .option(...keysOption)
    .action(async (path: string, options: Place & { readonly to?: string }) => {
      process.exitCode = await replayFixed(path, options);
    });
}
