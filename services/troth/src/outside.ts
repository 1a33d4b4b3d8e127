import { timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import {
  type Channel,
  eventsOf,
  openAlertmanagerChannel,
  openPagerDutyChannel,
  openWebhookChannel,
  readWebhook,
  type TakenOn,
  watchSilences,
} from "@troth/notify";
import { type Clock, errnoOf, type Http, openGuardedHttp } from "@troth/runtime";
import { parse } from "yaml";
import { z } from "zod";
import { InputError } from "./exit.ts";

const url = z.url({ protocol: /^https?$/ });
const shape = z.strictObject({
  /** Where people reach the desk, for the links on alerts. */
  desk: url.nullable().default(null),
  /** Host names and addresses of one's own network that may be gone to. */
  privateHosts: z.array(z.string().min(1)).max(32).default([]),
  alertmanager: z.strictObject({ urls: z.array(url).min(1).max(8) }).optional(),
  webhook: z.strictObject({ url, secrets: z.array(z.string()).min(1).max(4) }).optional(),
  /** Told of one tenant's customers whenever their level changes. */
  flags: z
    .strictObject({
      url,
      secrets: z.array(z.string()).min(1).max(4),
      tenant: z.string().min(1).max(128).default("default"),
    })
    .optional(),
  pagerduty: z.strictObject({ routingKey: z.string().length(32), url: url.optional() }).optional(),
  /** Who may send acknowledgements in, in Alertmanager's webhook format. */
  inbound: z.strictObject({ token: z.string().min(24) }).optional(),
});
type Config = z.output<typeof shape>;

export type Outside = {
  readonly channels: readonly Channel[];
  /** Begins to ask Alertmanager who silenced what. */
  readonly watch: (takenOn: (one: TakenOn) => Promise<boolean>) => { readonly close: () => void };
  /** Takes a posted webhook: the status to answer with. Nobody is let in without a token. */
  readonly receive: (
    request: { readonly authorization: string | undefined; readonly body: string },
    takenOn: (one: TakenOn) => Promise<boolean>,
  ) => Promise<number>;
};

export const noOutside: Outside = {
  channels: [],
  watch: () => ({ close: () => undefined }),
  receive: () => Promise.resolve(404),
};

/** Secrets stand in the environment: `$NAME` is replaced by its value, and a missing one is an error. */
function withSecrets(value: unknown, env: NodeJS.ProcessEnv, path: string): unknown {
  if (typeof value === "string" && /^\$[A-Z][A-Z0-9_]*$/.test(value)) {
    const secret = env[value.slice(1)];
    if (secret === undefined || secret === "")
      throw new InputError(`${path}: ${value} is not set in the environment`);
    return secret;
  }
  if (Array.isArray(value)) return value.map((one) => withSecrets(one, env, path));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withSecrets(one, env, path)]),
  );
}

async function readConfig(path: string, env: NodeJS.ProcessEnv): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const why = errnoOf(error) === "ENOENT" ? "there is no such file" : String(error);
    throw new InputError(`${path}: ${why}`);
  }
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new InputError(`${path}: ${error instanceof Error ? error.message : error}`);
  }
  const read = shape.safeParse(withSecrets(value ?? {}, env, path));
  if (read.success) return read.data;
  const errors = read.error.issues.map(({ path: at, message }) => `${at.join(".")}: ${message}`);
  throw new InputError(`${path} cannot be used\n  ${errors.join("\n  ")}`);
}

const isToken = (given: string | undefined, token: string): boolean => {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(`Bearer ${token}`)];
  return a.length === b.length && timingSafeEqual(a, b);
};

function channelsOf(config: Config, http: Http, clock: Clock, path: string): readonly Channel[] {
  const { alertmanager, webhook, flags, pagerduty, desk, privateHosts } = config;
  const channels: Channel[] = [];
  if (alertmanager !== undefined)
    channels.push(
      openAlertmanagerChannel({ urls: alertmanager.urls, tenant: "default", desk, http, clock }),
    );
  if (pagerduty !== undefined) {
    const { routingKey, url: elsewhere } = pagerduty;
    const place = elsewhere === undefined ? {} : { url: elsewhere };
    channels.push(openPagerDutyChannel({ routingKey, http, ...place }));
  }
  if (webhook !== undefined) {
    const allowedHosts = [new URL(webhook.url).host, ...privateHosts];
    const opened = openWebhookChannel({ ...webhook, allowedHosts, http, clock });
    if (!opened.ok) throw new InputError(`${path}: webhook: ${opened.error}`);
    channels.push(opened.value);
  }
  if (flags !== undefined) {
    const { tenant: flagsOf, ...target } = flags;
    const allowedHosts = [new URL(flags.url).host, ...privateHosts];
    const opened = openWebhookChannel({ ...target, flagsOf, allowedHosts, http, clock });
    if (!opened.ok) throw new InputError(`${path}: flags: ${opened.error}`);
    channels.push(opened.value);
  }
  return channels;
}

/** Everybody outside who is told, and who may answer, from a file such as infra/notify.example.yaml. */
export async function openOutside(
  path: string,
  env: NodeJS.ProcessEnv,
  clock: Clock,
): Promise<Outside> {
  const config = await readConfig(path, env);
  const http = openGuardedHttp({ privateHosts: config.privateHosts });
  const [first] = config.alertmanager?.urls ?? [];
  return {
    channels: channelsOf(config, http, clock, path),
    watch: (takenOn) =>
      first === undefined
        ? noOutside.watch(takenOn)
        : watchSilences({ url: first, http, clock, everyMs: 5_000, takenOn }),
    receive: async ({ authorization, body }, takenOn) => {
      if (config.inbound === undefined) return 404;
      if (!isToken(authorization, config.inbound.token)) return 401;
      const acts = readWebhook(jsonOf(body));
      if (acts === null) return 400;
      const kept = await Promise.all(acts.map(takenOn));
      // Alertmanager sends again what was not taken.
      return kept.every(Boolean) ? 200 : 503;
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Hands what somebody did elsewhere to the door; an alert nobody knows of is let pass. */
export const takeOn =
  (where: {
    readonly customerOf: (alertId: string) => string | null;
    readonly tenantOf: (customer: string) => string | null;
    readonly hand: (events: readonly unknown[]) => Promise<boolean>;
    readonly clock: Pick<Clock, "now">;
  }) =>
  async (one: TakenOn): Promise<boolean> => {
    const customer = where.customerOf(one.alertId);
    if (customer === null) return true;
    const tenant = where.tenantOf(customer) ?? "default";
    return await where.hand(eventsOf(one, { customer, tenant }, where.clock.now()));
  };
