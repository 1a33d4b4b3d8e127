import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import type { KafkaSettings } from "@troth/log";
import { systemHttp } from "@troth/runtime";
import type { Command } from "commander";
import { InputError } from "./exit.ts";
import { openSchemaIds } from "./topics/registry.ts";
import { httpUrlOf } from "./url-option.ts";

/** What every command that works on Kafka is told about it. */
export type KafkaOptions = {
  readonly brokers: string;
  readonly dev?: true;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly saslMechanism: string;
  readonly saslUser?: string;
  readonly registry?: string;
};

const brokers = ["--brokers <list>", "host:port of some brokers, with commas between"] as const;

/** `elsewhere`: the command can also do without Kafka. */
export const addKafkaOptions = (command: Command, elsewhere = false): Command =>
  (elsewhere ? command.option(...brokers) : command.requiredOption(...brokers))
    .option("--dev", "allow one replica and no TLS: for a developer's machine")
    .option("--tls-ca <file>", "PEM of the authority that signed the brokers' certificates")
    .option("--tls-cert <file>", "PEM of our own certificate, if the brokers ask for one")
    .option("--tls-key <file>", "PEM of its key")
    .option("--sasl-mechanism <name>", "plain, scram-sha-256 or scram-sha-512", "scram-sha-512")
    .option("--sasl-user <name>", "who logs in; the password is in TROTH_SASL_PASSWORD")
    .option(
      "--registry <url>",
      "write facts by the schema ids of this registry (Confluent's interface; login in TROTH_REGISTRY_AUTH); all services of a fleet alike",
      httpUrlOf("http://127.0.0.1:8081"),
    );

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function loginOf(options: KafkaOptions): KafkaSettings["sasl"] {
  const { saslUser: username, saslMechanism: mechanism } = options;
  if (username === undefined) return undefined;
  if (mechanism !== "plain" && mechanism !== "scram-sha-256" && mechanism !== "scram-sha-512")
    throw new InputError(`--sasl-mechanism ${mechanism}: plain, scram-sha-256 or scram-sha-512`);
  const password = process.env["TROTH_SASL_PASSWORD"];
  if (password === undefined)
    throw new InputError("--sasl-user needs the password in TROTH_SASL_PASSWORD");
  return { mechanism, username, password };
}

export async function readKafkaSettings(
  options: KafkaOptions,
  role: string,
  troubled: (what: string) => void,
): Promise<KafkaSettings> {
  const { tlsCa, tlsCert, tlsKey } = options;
  const ca = tlsCa === undefined ? {} : { ca: await readPem(tlsCa) };
  const cert = tlsCert === undefined ? {} : { cert: await readPem(tlsCert) };
  const key = tlsKey === undefined ? {} : { key: await readPem(tlsKey) };
  const tls = { ...ca, ...cert, ...key };
  const sasl = loginOf(options);
  // Outside --dev TLS is used at any rate; without --tls-ca the public authorities are trusted.
  const { registry } = options;
  const ports = { http: systemHttp, env: process.env, troubled };
  const schemaIds =
    registry === undefined ? {} : { schemaIds: await openSchemaIds(registry, ports) };
  const isSecured = options.dev !== true || Object.keys(tls).length > 0;
  return {
    brokers: options.brokers
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== ""),
    clientId: `troth-${role}-${hostname()}`,
    dev: options.dev === true,
    ...(isSecured && { tls }),
    ...(sasl !== undefined && { sasl }),
    ...schemaIds,
    troubled,
  };
}
