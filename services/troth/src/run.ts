import { join, resolve } from "node:path";
import { publicPseudonymKey } from "@troth/events";
import { type KafkaLogs, openKafka } from "@troth/log";
import type { Policy } from "@troth/policy";
import { openHealthServer, openMetrics, openStop, systemClock, systemDisk } from "@troth/runtime";
import { type Command, InvalidArgumentError } from "commander";
import { InputError, tellFailure } from "./exit.ts";
import { addKafkaOptions, type KafkaOptions, readKafkaSettings } from "./kafka-options.ts";
import { keysArgument, openKeysToSeal } from "./keys/open-keys.ts";
import { openLakeToWrite } from "./lake-place.ts";
import type { MappingFile } from "./mapping-file.ts";
import { addTraceOptions, openTraces, type TraceOptions } from "./otlp.ts";
import { policiesOf } from "./partitioned/policies.ts";
import type { Wait } from "./partitioned/waits.ts";
import { defaultPolicyPath, readPolicy } from "./policy-file.ts";
import type { Place, Service } from "./run/place.ts";
import { tellWaits } from "./run/tell-waits.ts";
import { runWithoutErased } from "./run/without-erased.ts";
import { openServiceLog, stopTold } from "./service-log.ts";
import {
  type Notified,
  openNotifications,
  openRecoveries,
  type Recoveries,
} from "./tell/machine.ts";

type Options = KafkaOptions &
  TraceOptions & {
    readonly policy: readonly string[];
    readonly mapping: readonly string[];
    readonly data: string;
    readonly snapshots?: string;
    readonly clock: "live" | "events";
    readonly lake?: string;
    readonly notify?: string;
    readonly shadow?: string;
    readonly keys?: string;
    readonly sessionTimeout: number;
    readonly port: number;
    readonly host: string;
  };

type Runs = (place: Place, policy: Policy, options: Options) => Promise<Service>;

/** Mappings of topics; one of files has nothing to read here. */
async function mappingsIn(paths: readonly string[]): Promise<readonly MappingFile[]> {
  const { openMapping } = await import("./mapping-file.ts");
  const files = await Promise.all(paths.map((path) => openMapping(path)));
  const ofFile = files.findIndex(({ mapping }) => mapping.from.topic === undefined);
  if (ofFile === -1) return files;
  throw new InputError(`--mapping ${paths[ofFile]}: it names no topic; add \`from: { topic: … }\``);
}

/** Loaded when run: none of them starts later for what another one needs. */
const services: Readonly<
  Record<string, { readonly role: string; readonly run: Runs; readonly keepsNames?: true }>
> = {
  intake: {
    role: "intake",
    run: async (place, _, { mapping }) => {
      const { runIntake } = await import("./run/intake.ts");
      return runIntake(place, await mappingsIn(mapping));
    },
  },
  identity: {
    role: "registrar",
    run: async (place) => (await import("./run/identity.ts")).runIdentity(place),
  },
  monitor: {
    role: "monitor",
    run: async (place) => (await import("./run/monitor.ts")).runMonitor(place),
  },
  lake: {
    role: "lake",
    run: async (place, _, { lake }) =>
      (await import("./run/lake.ts")).runLake(place, lake ?? join(place.data, "lake")),
  },
  desk: {
    role: "desk",
    keepsNames: true,
    run: async (place, policy) => (await import("./run/desk.ts")).runDesk(place, policy),
  },
  notify: {
    role: "notify",
    keepsNames: true,
    run: async (place, _, { notify }) => {
      const { noOutside, openOutside } = await import("./outside.ts");
      const { runNotify } = await import("./run/notify.ts");
      const { clock } = place;
      return runNotify(
        place,
        notify === undefined ? noOutside : await openOutside(notify, process.env, clock),
      );
    },
  },
};
const names = Object.keys(services);

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const pathsOf = ({ policy }: Options): readonly string[] =>
  policy.length === 0 ? [defaultPolicyPath] : policy;

async function policiesIn(paths: readonly string[]): Promise<readonly [Policy, ...Policy[]]> {
  const [first, ...rest] = await Promise.all(paths.map((path) => readPolicy(path)));
  if (first === undefined) throw new InputError("--policy: name at least one file");
  return [first, ...rest];
}

async function run(name: string, options: Options): Promise<number> {
  const service = services[name];
  if (service === undefined) throw new InputError(`${name}: no service; ${names.join(", ")} are`);
  if (options.shadow !== undefined) {
    throw new InputError(
      "--shadow: on Kafka no policy is judged along yet. Copy the facts (troth migrate from-kafka) and let " +
        "troth start --shadow judge the copy; troth shadow reads the difference",
    );
  }
  const policies = await policiesIn(pathsOf(options));
  const log = openServiceLog(`troth-${name}`);
  const stop = openStop({ host: process, clock: systemClock, tell: stopTold(log) });
  const metrics = openMetrics({ process: true });
  const settings = await readKafkaSettings(options, service.role, (what) =>
    log.warn("Kafka is troubled", { what }),
  );
  const data = resolve(options.data);
  await systemDisk.makeDir(data);
  let running: Service | null = null;
  let notified: Notified | null = null;
  let recoveries: Recoveries | null = null;
  const reaching: readonly Wait[] = [
    { for: "brokers", what: `the brokers are being reached: ${options.brokers}` },
  ];
  const waits = (): readonly Wait[] => running?.waits() ?? reaching;
  const telling = tellWaits({ waits, clock: systemClock, log, metrics });
  // First of all: while brokers are away it says so, and keeps the process alive.
  const health = await openHealthServer({
    host: options.host,
    port: options.port,
    metrics,
    live: () => running?.health() ?? null,
    ready: () =>
      running === null ? "Kafka is being reached" : (running.health() ?? running.ready()),
    notes: () => telling.lines(),
    // Whoever posts sends again what was not taken.
    receive: async (posted) =>
      running === null ? 503 : ((await running.receive?.(posted)) ?? 404),
  });
  stop.defer("health", () => {
    telling.close();
    return health.close();
  });
  const traces = await openTraces(options, `troth-${name}`);
  stop.defer("traces", () => traces.close());
  const kafka: KafkaLogs = await openKafka(settings, systemClock);
  stop.defer("kafka", () => kafka.close());
  const place: Place = {
    kafka,
    policies: policiesOf(policies),
    begins: policies[0].hash,
    key: process.env["TROTH_PSEUDONYM_KEY"] ?? publicPseudonymKey,
    keys: options.keys === undefined ? null : await openKeysToSeal(options.keys, pathsOf(options)),
    data,
    shared:
      options.snapshots === undefined
        ? null
        : await openLakeToWrite(options.snapshots, (error) =>
            log.warn("the store of snapshots does not answer", { error: String(error) }),
          ),
    isLive: options.clock === "live",
    sessionTimeoutMs: options.sessionTimeout * 1_000,
    host: options.host,
    port: options.port,
    stop,
    clock: systemClock,
    log,
    metrics,
    notified: () => {
      notified ??= openNotifications(metrics);
      return notified;
    },
    recoveries: () => {
      recoveries ??= openRecoveries(metrics);
      return recoveries;
    },
    traces,
  };
  running = await runWithoutErased(place, service.keepsNames === true, (given) =>
    service.run(given, policies[0], options),
  );
  // One write: who reads it line by line, or looks for an address in it, has all or nothing.
  const address = `health http://${options.host}:${health.port}/healthz /readyz /metrics`;
  const lines = [`troth ${name} is up`, address, ...(running.says ? [running.says] : [])];
  say(lines.join("\n  "));
  return stop.finish();
}

const portOf = (text: string): number => {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_534) return port;
  throw new InvalidArgumentError("a port is a whole number from 0 to 65534");
};
const secondsOf = (text: string): number => {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 3 && seconds <= 300) return seconds;
  throw new InvalidArgumentError("seconds are a whole number from 3 to 300");
};
const clockOf = (text: string): "live" | "events" => {
  if (text === "live" || text === "events") return text;
  throw new InvalidArgumentError("live or events");
};
const several = (path: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  path,
];

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("One service on Kafka; start as many of each as you like.")
    .argument("<service>", names.join(", "));
  addTraceOptions(addKafkaOptions(command))
    .option(
      "--policy <file>",
      "policies it can judge by; the first begins an empty log",
      several,
      [],
    )
    .option(
      "--mapping <file>",
      "intake only: also read the topic this mapping names; as often as there are topics",
      several,
      [],
    )
    .option(
      "--data <dir>",
      "where snapshots and journals are kept; of this process alone",
      ".troth-run",
    )
    .option("--snapshots <place>", "where snapshots are shared: a folder, or s3://bucket/prefix")
    .option(
      "--clock <what>",
      "live: log time is the wall clock; events: their recorded time",
      clockOf,
      "live",
    )
    .option("--lake <place>", "lake only: a folder, or s3://bucket/prefix")
    .option(
      "--notify <file>",
      "notify only: who is told besides its own log: see infra/notify.example.yaml",
    )
    .option("--shadow <file>", "refused: only troth start lets a second policy judge along")
    .option(
      "--keys <place>",
      `intake, desk and notify: what seals and opens events: ${keysArgument}`,
    )
    .option(
      "--session-timeout <s>",
      "a process that is silent for so long loses its partitions to others",
      secondsOf,
      10,
    )
    .option(
      "--port <n>",
      "health, readiness and metrics; intake and desk take the next one",
      portOf,
      0,
    )
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addHelpText(
      "after",
      `
Stops in order on SIGTERM, within five seconds. A monitor takes the partitions the group gives it; of
several identities one works and the others stand by. Make the topics first: troth topics apply.

Examples:
  troth run intake --brokers 127.0.0.1:9092 --dev --port 8790
  troth run intake --brokers 127.0.0.1:9092 --dev --mapping infra/mappings/shop-orders.yaml
  troth run identity --brokers 127.0.0.1:9092 --dev --data /var/lib/troth-identity
  troth run monitor --brokers kafka-1:9093 --tls-ca ca.pem --sasl-user troth-monitor --snapshots s3://troth/snapshots`,
    )
    .action(async (name: string, options: Options) => {
      try {
        process.exitCode = await run(name, options);
      } catch (error) {
        // Whatever was opened before it failed must not keep the process.
        process.exit(tellFailure(error));
      }
    });
}
