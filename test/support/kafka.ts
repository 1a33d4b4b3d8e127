import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type KafkaConfig, Kafka as KafkaJs, logLevel } from "kafkajs";
import { cacheDir, type KafkaVersion, kafkaJars } from "./kafka-jars.ts";
import { freePort, startTied, type Tied } from "./tied.ts";

export { kafkaVersions, noKafka } from "./kafka-jars.ts";

const run = promisify(execFile);

export type KafkaOptions = {
  /** 1 (for development), or 3 with replication 3 and at least 2 in sync. */
  readonly brokers?: 1 | 3;
  readonly version?: KafkaVersion;
  /** Listens with SASL over TLS and an authoriser that denies by default; `users` may log in. */
  readonly secure?: { readonly users: readonly string[] };
  /** Further lines of server.properties. */
  readonly settings?: readonly string[];
  /** Up with half the work, and slower under load: for brokers that are killed again and again. */
  readonly isShortLived?: boolean;
};

export type TestBroker = {
  readonly address: string;
  readonly pid: () => number;
  /** kill -9: nothing is flushed or handed over. */
  readonly kill: () => Promise<void>;
  /** SIGSTOP: connections stay, nobody answers. */
  readonly freeze: () => Promise<void>;
  readonly thaw: () => void;
  /** Starts it again on its port and its disk; resolves once it answers. */
  readonly start: () => Promise<void>;
};

export type TestKafka = {
  readonly addresses: readonly string[];
  readonly nodes: readonly TestBroker[];
  /** What kafkajs (and `openKafka`) need to connect; `user` for a secured one, `admin` may do all. */
  readonly config: (user?: string) => KafkaConfig;
  readonly passwordOf: (user: string) => string;
  /** Certificate of the authority of a secured one, PEM. */
  readonly ca: string | null;
  readonly dir: string;
  readonly close: () => Promise<void>;
};

const adminUser = "admin";
/** Three seconds on an idle machine; much longer beside other tests on two cores. */
const startsWithinMs = 100_000;

type Ports = { readonly broker: number; readonly controller: number; readonly between: number };

type Cluster = {
  readonly dir: string;
  readonly jars: string;
  readonly version: KafkaVersion;
  readonly ports: readonly Ports[];
  readonly settings: readonly string[];
  readonly passwords: ReadonlyMap<string, string> | null;
};

function properties(cluster: Cluster, n: number): string {
  const { ports, passwords } = cluster;
  const own = ports[n];
  if (own === undefined) throw new Error(`no broker ${n}`);
  const copies = Math.min(3, ports.length);
  const name = passwords === null ? "PLAINTEXT" : "CLIENT";
  const listeners = [
    `${name}://127.0.0.1:${own.broker}`,
    `BETWEEN://127.0.0.1:${own.between}`,
    `CONTROLLER://127.0.0.1:${own.controller}`,
  ];
  const logins = [...(passwords ?? [])].map(([user, word]) => `user_${user}="${word}"`).join(" ");
  const module = "org.apache.kafka.common.security.plain.PlainLoginModule required";
  const secured = [
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    // Anonymous are only the brokers among themselves: every listener for clients asks who it is.
    `super.users=User:${adminUser};User:ANONYMOUS`,
    "listener.name.client.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512",
    "listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;",
    `listener.name.client.plain.sasl.jaas.config=${module} ${logins};`,
    `ssl.keystore.location=${join(cluster.dir, "server.p12")}`,
    "ssl.keystore.password=password",
    "ssl.keystore.type=PKCS12",
  ];
  return [
    "process.roles=broker,controller",
    `node.id=${n + 1}`,
    `controller.quorum.voters=${ports.map(({ controller }, i) => `${i + 1}@127.0.0.1:${controller}`).join(",")}`,
    "controller.listener.names=CONTROLLER",
    `listeners=${listeners.join(",")}`,
    `advertised.listeners=${listeners.slice(0, 2).join(",")}`,
    "inter.broker.listener.name=BETWEEN",
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,BETWEEN:PLAINTEXT,${name}:${passwords === null ? "PLAINTEXT" : "SASL_SSL"}`,
    `log.dirs=${join(cluster.dir, `data-${n + 1}`)}`,
    `default.replication.factor=${copies}`,
    `min.insync.replicas=${Math.max(1, copies - 1)}`,
    `offsets.topic.replication.factor=${copies}`,
    "offsets.topic.num.partitions=4",
    `transaction.state.log.replication.factor=${copies}`,
    `transaction.state.log.min.isr=${Math.max(1, copies - 1)}`,
    "transaction.state.log.num.partitions=4",
    `share.coordinator.state.topic.replication.factor=${copies}`,
    `share.coordinator.state.topic.min.isr=${Math.max(1, copies - 1)}`,
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
    "auto.create.topics.enable=false",
    "log.retention.check.interval.ms=1000",
    "broker.session.timeout.ms=4000",
    "num.network.threads=2",
    "num.io.threads=4",
    ...(passwords === null ? [] : secured),
    ...cluster.settings,
    "",
  ].join("\n");
}

async function makeCertificate(dir: string): Promise<string> {
  const store = join(dir, "server.p12");
  const common = ["-keystore", store, "-storepass", "password", "-alias", "broker"];
  const name = ["-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1"];
  const key = ["-keyalg", "EC", "-validity", "2", "-storetype", "PKCS12"];
  await run("keytool", ["-genkeypair", ...common, ...name, ...key]);
  const { stdout } = await run("keytool", ["-exportcert", "-rfc", ...common]);
  return stdout;
}

const java = (
  jars: string,
  main: string,
  args: readonly string[],
  flags: readonly string[] = [],
): readonly string[] => [
  "java",
  "-Xms128m",
  "-Xmx1g",
  "-XX:+UseSerialGC",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  ...flags,
  "-cp",
  `${jars}/*`,
  main,
  ...args,
];

/** Resolves once `count` brokers have joined and one of them answers for all. */
async function answers(config: KafkaConfig, count: number, withinMs: number): Promise<void> {
  const until = Date.now() + withinMs;
  let why: unknown = null;
  while (Date.now() < until) {
    const admin = new KafkaJs({ ...config, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      const { brokers, controller } = await admin.describeCluster();
      if (brokers.length >= count && controller !== null) return;
    } catch (error) {
      why = error;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no Kafka after ${withinMs} ms: ${String(why)}`);
}

const archives = new Map<KafkaVersion, Promise<string | null>>();

/**
 * The classes of a broker as the virtual machine has them in memory once it is up, written by one that
 * is started for it once: a broker then starts with a third of the work less. Null when it cannot be made.
 */
function classArchive(version: KafkaVersion): Promise<string | null> {
  const made = archives.get(version) ?? makeArchive(version).catch(() => null);
  archives.set(version, made);
  return made;
}

async function makeArchive(version: KafkaVersion): Promise<string> {
  const archive = join(cacheDir, `kafka-${version}.jsa`);
  if (existsSync(archive)) return archive;
  const jars = await kafkaJars(version);
  const dir = mkdtempSync(join(cacheDir, "partial-"));
  try {
    const ports = {
      broker: await freePort(),
      controller: await freePort(),
      between: await freePort(),
    };
    const cluster = { dir, jars, version, ports: [ports], settings: [], passwords: null };
    const file = join(dir, "server.properties");
    writeFileSync(file, properties(cluster, 0));
    await format(jars, newClusterId(), file, []);
    const partial = join(dir, "classes.jsa");
    const flags = [`-XX:ArchiveClassesAtExit=${partial}`];
    const [program = "java", ...args] = java(jars, "kafka.Kafka", [file], flags);
    const broker = spawn(program, args, { stdio: "ignore" });
    const gone = once(broker, "exit");
    const brokers = [`127.0.0.1:${ports.broker}`];
    await answers({ brokers, logLevel: logLevel.NOTHING }, 1, startsWithinMs).finally(() =>
      broker.kill("SIGTERM"),
    );
    await gone;
    renameSync(partial, archive);
    return archive;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Never with a hyphen in front, which the tool would take for an option. */
const newClusterId = (): string => `T${randomBytes(16).toString("base64url").slice(1)}`;

async function format(
  jars: string,
  clusterId: string,
  file: string,
  scram: readonly string[],
): Promise<void> {
  const args = ["format", "-t", clusterId, "-c", file, ...scram];
  const flags = ["-XX:TieredStopAtLevel=1"];
  const [program = "java", ...rest] = java(jars, "kafka.tools.StorageTool", args, flags);
  await run(program, rest);
}

/** A real Apache Kafka on this machine, on ports of its own, gone when closed or when the tests end. */
export async function startKafka(options: KafkaOptions = {}): Promise<TestKafka> {
  const version = options.version ?? "4.3.1";
  const jars = await kafkaJars(version);
  const dir = mkdtempSync(join(tmpdir(), "troth-kafka-"));
  const count = options.brokers ?? 1;
  const ports = await Promise.all(
    Array.from({ length: count }, async () => ({
      broker: await freePort(),
      controller: await freePort(),
      between: await freePort(),
    })),
  );
  const passwords =
    options.secure === undefined
      ? null
      : new Map(
          [adminUser, ...options.secure.users].map((user) => [
            user,
            randomBytes(12).toString("hex"),
          ]),
        );
  const ca = passwords === null ? null : await makeCertificate(dir);
  const cluster: Cluster = {
    dir,
    jars,
    version,
    ports,
    settings: options.settings ?? [],
    passwords,
  };
  const addresses = ports.map(({ broker }) => `127.0.0.1:${broker}`);
  const config = (user: string = adminUser): KafkaConfig => ({
    brokers: [...addresses],
    clientId: "test",
    logLevel: logLevel.NOTHING,
    ...(passwords !== null &&
      ca !== null && {
        ssl: { ca: [ca] },
        sasl: { mechanism: "plain", username: user, password: passwords.get(user) ?? "" },
      }),
  });
  const clusterId = newClusterId();
  const processes: (Tied | null)[] = ports.map(() => null);
  const start = async (n: number): Promise<void> => {
    const file = join(dir, `server-${n + 1}.properties`);
    const log = join(dir, `server-${n + 1}.log`);
    const archive = await classArchive(version);
    const quick = [
      ...(archive === null ? [] : [`-XX:SharedArchiveFile=${archive}`]),
      ...(options.isShortLived ? ["-XX:TieredStopAtLevel=1"] : []),
    ];
    processes[n] = await startTied(java(jars, "kafka.Kafka", [file], quick), { log });
  };
  const stopAll = async (): Promise<void> => {
    await Promise.all(processes.map((one) => one?.close()));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    for (const n of ports.keys()) {
      const file = join(dir, `server-${n + 1}.properties`);
      mkdirSync(join(dir, `data-${n + 1}`));
      writeFileSync(file, properties(cluster, n));
      const scram = [...(passwords ?? [])].flatMap(([user, word]) => [
        "--add-scram",
        `SCRAM-SHA-512=[name=${user},password=${word}]`,
      ]);
      await format(jars, clusterId, file, scram);
    }
    await Promise.all([...ports.keys()].map(start));
    await answers(config(), count, startsWithinMs);
  } catch (error) {
    await stopAll();
    throw error;
  }
  return {
    addresses,
    config,
    passwordOf: (user) => passwords?.get(user) ?? "",
    ca,
    dir,
    nodes: ports.map(({ broker }, n) => ({
      address: `127.0.0.1:${broker}`,
      pid: () => processes[n]?.pid ?? -1,
      kill: async () => {
        await processes[n]?.close();
        processes[n] = null;
      },
      freeze: async () => processes[n]?.freeze(),
      thaw: () => processes[n]?.signal("SIGCONT"),
      start: async () => {
        await start(n);
        await answers({ ...config(), brokers: [`127.0.0.1:${broker}`] }, 1, startsWithinMs);
      },
    })),
    close: stopAll,
  };
}
