import { type KafkaConfig, logLevel, type SASLOptions } from "kafkajs";
import { LogError } from "../log-error.ts";
import type { SchemaIds } from "./fact-codec.ts";

/** How a process reaches its Kafka. */
export type KafkaSettings = {
  /** `host:port` of some brokers; the rest is learned from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /**
   * Allows what loses data or tells it to everybody: one replica, no TLS. For a developer's machine
   * and for tests.
   */
  readonly dev: boolean;
  /** PEM of the authority that signed the brokers' certificates, and a client's own, if asked for. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
  };
  /** A registry's ids of the schemas of facts; those of the files if absent. */
  readonly schemaIds?: SchemaIds;
  /** How long an append or a read that ends may wait for the brokers; 30 s if absent. */
  readonly deadlineMs?: number;
  /** What went wrong and is tried again; without customers' data. */
  readonly troubled?: (what: string) => void;
};

export const deadlineOf = (settings: KafkaSettings): number => settings.deadlineMs ?? 30_000;

/** Where an own loop decides what is tried again and for how long. */
const briefly = { retries: 3, initialRetryTime: 50, maxRetryTime: 1_000 };

/** The same in kafkajs's words. Its own requests give up early, so that another broker is asked. */
export function clientConfig(settings: KafkaSettings): KafkaConfig {
  const { brokers, clientId, dev, tls, sasl, troubled } = settings;
  if (brokers.length === 0) throw new LogError("unsafe", "no broker is named");
  if (!dev && (tls === undefined || sasl === undefined))
    throw new LogError(
      "unsafe",
      "Kafka is to be reached without TLS and a login: give both, or say --dev on a developer's machine",
    );
  const ssl = tls === undefined ? {} : { ssl: secretsOf(tls) };
  return {
    brokers: [...brokers],
    clientId,
    connectionTimeout: 5_000,
    requestTimeout: Math.min(10_000, deadlineOf(settings)),
    retry: briefly,
    ...ssl,
    ...(sasl !== undefined && { sasl: loginOf(sasl) }),
    logLevel: logLevel.ERROR,
    logCreator:
      () =>
      ({ log }) =>
        troubled?.(log.message),
  };
}

function secretsOf(tls: NonNullable<KafkaSettings["tls"]>): NonNullable<KafkaConfig["ssl"]> {
  return {
    ...(tls.ca !== undefined && { ca: [tls.ca] }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
  };
}

function loginOf(sasl: NonNullable<KafkaSettings["sasl"]>): SASLOptions {
  const { mechanism, username, password } = sasl;
  switch (mechanism) {
    case "plain":
      return { mechanism, username, password };
    case "scram-sha-256":
      return { mechanism, username, password };
    case "scram-sha-512":
      return { mechanism, username, password };
  }
}
