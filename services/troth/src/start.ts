import { join, resolve } from "node:path";
import { parseEvent } from "@troth/events";
import { errnoOf, openStop, systemClock, systemDisk } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { checkDeskHost, readDeskSettings } from "./desk-settings.ts";
import { type Embedded, openEmbedded } from "./embedded/embedded.ts";
import { checkPolicyOf, type Meta, readMeta, writeMeta } from "./embedded/meta.ts";
import { openReaders } from "./embedded/readers.ts";
import { openShadow } from "./embedded/shadow.ts";
import { systemWorld } from "./embedded/world.ts";
import { InputError } from "./exit.ts";
import { keysArgument, openKeysToSeal } from "./keys/open-keys.ts";
import { lakeArgument, openLakeToWrite } from "./lake-place.ts";
import { addTraceOptions, openTraces, type TraceOptions } from "./otlp.ts";
import { noOutside, openOutside } from "./outside.ts";
import { defaultPolicyPath, readPolicy } from "./policy-file.ts";
import { readLines } from "./replay/read-lines.ts";
import { openServiceLog, stopTold } from "./service-log.ts";
import { syntheticDay } from "./story/synthetic-day.ts";

type Options = TraceOptions & {
  readonly data: string;
  readonly lake?: string;
  readonly keys?: string;
  readonly policy: string;
  readonly shadow?: string;
  readonly events?: string;
  readonly port: number;
  readonly host: string;
  readonly demo: boolean;
  readonly desk?: string;
  readonly notify?: string;
};

const demoCustomers = 400;
const demoSeed = 2718;
const demoSteps = 100;
const demoStepMs = 100;
const dayMs = 86_400_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Begins a data folder, or goes on with one; the first start decides what its clock follows. */
async function metaOf(options: Options, policy: string): Promise<Meta> {
  const known = await readMeta(options.data);
  if (known !== null) {
    checkPolicyOf(options.data, known, policy);
    return known;
  }
  const fresh: Meta = {
    format: 1,
    policy,
    clock: "live",
    demo: options.demo && options.events === undefined,
    sealed: true,
  };
  await systemDisk.makeDir(options.data);
  await writeMeta(options.data, fresh);
  return fresh;
}

/** The made-up day, told in about ten seconds, ending now. */
async function tellDemo(embedded: Embedded, stopped: AbortSignal): Promise<void> {
  const endsAt = systemClock.now();
  const events = [...syntheticDay({ seed: demoSeed, endsAt, customers: demoCustomers })];
  say(
    `  A made-up day of ${demoCustomers} made-up customers (${events.length} events) is being told in ${(demoSteps * demoStepMs) / 1_000} s. Start with --no-demo for an empty troth.`,
  );
  const step = Math.ceil(events.length / demoSteps);
  for (let i = 0; i < events.length && !stopped.aborted; i += step) {
    const batch = events
      .slice(i, i + step)
      .map((event, n) => ({ line: i + n + 1, result: parseEvent(event), raw: null }));
    await embedded.load(batch, "demo");
    await new Promise((done) => setTimeout(done, demoStepMs));
  }
}

/** Loads a file; gives the latest recorded time, 0 for an empty one. */
async function loadFile(embedded: Embedded, path: string, stopped: AbortSignal): Promise<number> {
  let latest = 0;
  let lines = 0;
  for await (const batch of readLines(path, (count) => {
    if (Math.floor(count / 50_000) > Math.floor(lines / 50_000)) say(`  ${count} lines read`);
    lines = count;
  })) {
    latest = Math.max(latest, await embedded.load(batch, path));
    if (stopped.aborted) break;
  }
  say(`  ${lines} lines of ${path} are in the log`);
  return latest;
}

async function start(given: Options): Promise<number> {
  const options = { ...given, data: resolve(given.data) };
  const policy = await readPolicy(options.policy);
  const shadow = options.shadow === undefined ? null : await readPolicy(options.shadow);
  const deskSettings = await readDeskSettings(options.desk);
  checkDeskHost(options.host, deskSettings);
  let meta = await metaOf(options, policy.hash);
  // While a file or the made-up day is loading, log time follows it, or everything would be late.
  let loading = options.events !== undefined || meta.demo;
  const log = openServiceLog("troth");
  const stop = openStop({ host: process, clock: systemClock, tell: stopTold(log) });
  const place = options.lake ?? join(options.data, "lake");
  const lake = await openLakeToWrite(place, (error) =>
    log.warn("the lake's store does not answer", { error: String(error) }),
  );
  if (meta.sealed !== true)
    say("  This folder was begun with every name in it: nothing is sealed.");
  const keys =
    meta.sealed === true
      ? await openKeysToSeal(options.keys ?? join(options.data, "keys"), [
          options.policy,
          ...(options.shadow ? [options.shadow] : []),
        ])
      : null;
  const { policy: _, desk: __, notify: ___, keys: ____, ...where } = options;
  const outside =
    options.notify === undefined
      ? noOutside
      : await openOutside(options.notify, process.env, systemClock);
  const traces = await openTraces(options, "troth");
  stop.defer("traces", () => traces.close());
  const readers = openReaders({
    ...where,
    outside,
    lake,
    policy,
    stop,
    log,
    traces,
    demo: () => meta.demo,
    desk: deskSettings,
    isShadowed: shadow !== null,
  });
  const embedded = await openEmbedded({
    dir: options.data,
    world: systemWorld,
    policy,
    since: meta.since ?? 0,
    keys,
    stop,
    log,
    traces,
    intakePort: options.port + 1,
    host: options.host,
    clock: () => (loading ? "events" : meta.clock),
    tell: readers.tell,
  }).catch((error: unknown) => {
    throw portTaken(error, options);
  });
  if (shadow !== null && readers.shadow !== null) {
    await openShadow({
      data: options.data,
      facts: embedded.facts,
      policy: shadow,
      world: systemWorld,
      stop,
      log,
      tell: readers.shadow,
    });
  }
  const opened = await readers.open(embedded).catch(async (error: unknown) => {
    // What is open already would keep the process alive without it.
    stop.request("it could not be opened");
    await stop.finish();
    throw portTaken(error, options);
  });
  say(`troth is up
  desk     ${opened.desk}
  intake   http://${options.host}:${embedded.intakePort}/v1/events
  metrics  ${opened.metrics}
  data     ${options.data} (the lake in ${place})`);
  const feeding = (async () => {
    if (options.events !== undefined) {
      const latest = await loadFile(embedded, options.events, stop.signal);
      // A file that ended long ago is looked at as of its own end, not as of today.
      const clock = latest < systemClock.now() - dayMs ? "events" : "live";
      meta = { ...meta, clock };
      await writeMeta(options.data, meta);
    } else if (meta.demo && (await embedded.isEmpty())) {
      await tellDemo(embedded, stop.signal);
    }
    // The lake may lag as long as its store likes; people are not kept waiting for it.
    await embedded.settled(["lake"]);
    loading = false;
    // What was over before anybody watched is decided and shown, but pages nobody.
    opened.caughtUp(meta.clock === "live");
    say(`  Everything in the log is judged: ${opened.desk}`);
  })();
  feeding.catch((error: unknown) => {
    if (!stop.signal.aborted) stop.request(`loading failed: ${String(error)}`);
  });
  return stop.finish();
}

/** What to say of a port that somebody else has; any other failure as it is. */
function portTaken(error: unknown, { port, host }: Pick<Options, "port" | "host">): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (errnoOf(error) !== "EADDRINUSE" && errnoOf(cause) !== "EADDRINUSE") return error;
  return new InputError(
    `one of the ports ${port}, ${port + 1} and ${port + 2} of ${host} is taken; give another with --port, or stop what listens there`,
  );
}

const portOf = (text: string): number => {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_533) return port;
  throw new InvalidArgumentError("a port is a whole number from 0 to 65533");
};

export function addStart(program: Command): void {
  addTraceOptions(program.command("start"))
    .description("All services in one process on a file log: desk, intake, lake and metrics.")
    .option("--data <dir>", "where logs, snapshots and the lake are kept", ".troth")
    .option("--lake <place>", `where the lake is, if not there: ${lakeArgument}`)
    .option("--keys <place>", `where the keys are, if not there: ${keysArgument}`)
    .option("--policy <file>", "the promises and what breaking them means", defaultPolicyPath)
    .option(
      "--shadow <file>",
      "a second policy that judges along and tells nobody: see troth shadow",
    )
    .option("--events <file>", "load this event file first (JSON lines, gzip or not; - for stdin)")
    .option("--port <n>", "desk; the next two are intake and metrics", portOf, 8780)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--desk <file>", "the desk's settings (JSON): sign-in, webhook secrets, host names")
    .option("--notify <file>", "who is told of alerts: see infra/notify.example.yaml")
    .option("--no-demo", "begin empty instead of with the made-up day")
    .addHelpText(
      "after",
      `
Without events and without data it tells a made-up day, so that there is something to see.

Examples:
  troth start
  troth import olist ./olist | troth start --events - --data olist-data
  troth start --no-demo --data /var/lib/troth
  troth start --no-demo --data /var/lib/troth --lake s3://our-lake/troth`,
    )
    .action(async (options: Options) => {
      process.exitCode = await start(options);
    });
}
