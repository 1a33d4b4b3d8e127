import { type Clock, type Rng, systemClock, systemRng } from "@troth/runtime";
import type { FastifyInstance } from "fastify";
import { type Audit, noAudit } from "../access/audit.ts";
import { cookiesFor } from "../access/cookies.ts";
import type { Embedder } from "../access/embed.ts";
import { type OidcOptions, openOidc } from "../access/oidc.ts";
import { Sessions } from "../access/sessions.ts";
import { openWebhooks } from "../access/webhook.ts";
import type { Context } from "../api/context.ts";
import { type AskAt, openRounds } from "../asking/rounds.ts";
import { type Sampling, usualSampling } from "../asking/sampling.ts";
import type { DeskViews } from "../view/views.ts";
import { buildApp } from "./app.ts";
import { readAssets } from "./assets.ts";
import { hostsOf, isLoopback } from "./hosts.ts";
import { type Live, openLive } from "./live.ts";
import type { DeskTell, Hand, Parts, SharedFund } from "./parts.ts";

export type { DeskTell, Hand, Handed, SharedFund } from "./parts.ts";

export type DeskOptions = Pick<Context, "policy" | "flagNow" | "logTime"> & {
  readonly views: DeskViews;
  /** Port 0 takes any. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Null: whoever is on this machine is let in, and the desk listens nowhere else. */
  readonly signIn?: (OidcOptions & { readonly publicUrl: string }) | null;
  /** Absent: the desk only reads. */
  readonly hand?: Hand;
  /** Absent: this desk is the only one that gives goodwill. */
  readonly goodwill?: SharedFund;
  /** By which survey tools sign what they send; without one nothing is let in from them. */
  readonly webhookSecrets?: readonly string[];
  /** By which links to the survey page are signed; without one they open nothing after a restart. */
  readonly linkSecret?: Buffer;
  readonly sampling?: Sampling;
  /** Absent: people are asked when a lead says so, and not by themselves. */
  readonly askAt?: AskAt;
  /** False while the past is being read. */
  readonly isLive?: () => boolean;
  /** Other systems whose pages may show a customer's flag; usually none. */
  readonly embedders?: readonly Embedder[];
  readonly audit?: Audit;
  readonly tell: DeskTell;
  readonly isDemo?: () => boolean;
  /** Shown to whoever has no data yet. */
  readonly intakeUrl?: () => string | null;
  /** Further names the desk is reached by, behind a proxy say. */
  readonly hosts?: readonly string[];
  readonly clock?: Clock;
  readonly rng?: Rng;
};

export type Desk = { readonly url: string; readonly close: () => Promise<void> };

/** Streams of changes, one for each tenant somebody follows. */
function openLives(views: DeskViews, clock: Clock) {
  const lives = new Map<string, Live>();
  return {
    of: (tenant: string): Live => {
      const known = lives.get(tenant);
      if (known !== undefined) return known;
      const fresh = openLive(views.of(tenant).changes, clock);
      lives.set(tenant, fresh);
      return fresh;
    },
    close: () => {
      for (const live of lives.values()) live.close();
    },
  };
}

/** The asking that happens by itself, where the settings name an hour. */
function openRoundsOf({ askAt: at, isLive = () => true }: DeskOptions, parts: Parts) {
  const { hand, views, logTime, linkSecret: secret, clock, audit, tell } = parts;
  if (at === undefined || hand === null) return null;
  const asked = (tenant: string): Promise<void> =>
    audit.note({ who: "timer", role: null, tenant, did: "ask", outcome: "done", about: null });
  const { sampling = usualSampling } = parts;
  const { failed } = tell;
  return openRounds({ at, isLive, views, hand, logTime, sampling, secret, clock, asked, failed });
}

/** Everything but listening, for who brings requests of their own. */
export async function buildDesk(
  options: DeskOptions,
): Promise<{ app: FastifyInstance; close: () => Promise<void> }> {
  const { listen, signIn = null } = options;
  if (signIn === null && !isLoopback(listen.host)) {
    throw new Error(
      `the desk would listen on ${listen.host} with nobody signing in: give it a sign-in, or listen on 127.0.0.1`,
    );
  }
  const clock = options.clock ?? systemClock;
  const rng = options.rng ?? systemRng;
  const publicUrl = signIn?.publicUrl ?? `http://${listen.host}:${listen.port}/`;
  const lives = openLives(options.views, clock);
  const parts: Parts = {
    views: options.views,
    live: lives.of,
    policy: options.policy,
    flagNow: options.flagNow,
    logTime: options.logTime,
    isDemo: options.isDemo ?? (() => false),
    intakeUrl: options.intakeUrl ?? (() => null),
    assets: await readAssets(),
    hand: options.hand ?? null,
    goodwill: options.goodwill ?? null,
    audit: options.audit ?? noAudit,
    webhooks:
      options.webhookSecrets === undefined ? null : openWebhooks(options.webhookSecrets, clock),
    embedders: options.embedders ?? [],
    linkSecret: options.linkSecret ?? Buffer.from(`${rng.uuid()}${rng.uuid()}`),
    ...(options.sampling && { sampling: options.sampling }),
    sessions: new Sessions(clock, rng),
    cookies: cookiesFor(publicUrl.startsWith("https:")),
    oidc:
      signIn === null
        ? null
        : await openOidc(signIn, new URL("/sign-in/callback", publicUrl).href, clock),
    publicUrl,
    tell: options.tell,
    clock,
    rng,
  };
  const hosts = [...(options.hosts ?? []), new URL(publicUrl).hostname];
  const rounds = openRoundsOf(options, parts);
  const app = buildApp(parts, hostsOf(listen.host, hosts));
  return {
    app,
    close: async () => {
      rounds?.close();
      lives.close();
      await app.close();
    },
  };
}

/**
 * The window: one page and the interface under it. It answers from the view alone and from
 * `flagNow`, so it is as fast as memory and never behind the view it is given; what people do goes
 * out by the door all events come in by.
 */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const { app, close } = await buildDesk(options);
  const { host, port } = options.listen;
  await app.listen({ host, port });
  const address = app.server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/`, close };
}
