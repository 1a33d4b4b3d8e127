import type { Clock, Rng } from "@troth/runtime";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Audit } from "../access/audit.ts";
import type { Cookies } from "../access/cookies.ts";
import type { Embedder } from "../access/embed.ts";
import type { Oidc } from "../access/oidc.ts";
import type { Person } from "../access/person.ts";
import type { Permission } from "../access/roles.ts";
import type { Sessions } from "../access/sessions.ts";
import type { Webhooks } from "../access/webhook.ts";
import type { Event } from "../acts/facts.ts";
import type { Context } from "../api/context.ts";
import type { Sampling } from "../asking/sampling.ts";
import type { DeskViews } from "../view/views.ts";
import type { Asset } from "./assets.ts";
import type { Live } from "./live.ts";
import { type ProblemKind, problem, problemType } from "./problem.ts";

/** What happens here that is worth counting; the names of metrics are given elsewhere. */
export type DeskTell = {
  readonly answered: (status: number) => void;
  /** Our own failure, which the reader saw as a 500. */
  readonly failed: (error: unknown) => void;
};

/**
 * What became of events: `shown`, stored and judged and in the desk's view; `stored`, durable, and the
 * view will have them when the judge comes to them; `refused`, the door did not take them.
 */
export type Handed = "shown" | "stored" | "refused";

/** Hands events in at the door, all or none. */
export type Hand = (events: readonly Event[]) => Promise<Handed>;

/** Goodwill where several desks give of one fund: who asks first has it. */
export type SharedFund = {
  readonly setAside: (tenant: string, id: string, amount: number) => Promise<boolean>;
  readonly giveBack: (tenant: string, id: string) => Promise<void>;
};

/** What every route works with. */
export type Parts = Pick<Context, "policy" | "flagNow" | "logTime" | "isDemo" | "intakeUrl"> & {
  readonly views: DeskViews;
  readonly live: (tenant: string) => Live;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly hand: Hand | null;
  /** Null: this desk is the only one. */
  readonly goodwill: SharedFund | null;
  readonly audit: Audit;
  /** Null: no webhook is let in. */
  readonly webhooks: Webhooks | null;
  /** Other systems whose pages may show a customer's flag. */
  readonly embedders: readonly Embedder[];
  /** By which links to the survey page are signed. */
  readonly linkSecret: Buffer;
  readonly sampling?: Sampling;
  readonly sessions: Sessions;
  readonly cookies: Cookies;
  /** Null: the development sign-in, on loopback only. */
  readonly oidc: Oidc | null;
  /** Where the desk is reached, as the provider sends people back to. */
  readonly publicUrl: string;
  readonly tell: DeskTell;
  readonly clock: Clock;
  readonly rng: Rng;
};

export type At = { readonly parts: Parts; readonly person: Person };

type Base = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly bodyMax?: number;
};
/** One route: who may use it is said here and nowhere else. */
export type Route =
  | (Base & {
      readonly needs: "nobody";
      readonly handle: (request: FastifyRequest, reply: FastifyReply, parts: Parts) => unknown;
    })
  | (Base & {
      /** `somebody`: whoever is signed in. */
      readonly needs: Permission | "somebody";
      readonly handle: (request: FastifyRequest, reply: FastifyReply, at: At) => unknown;
    });

export function refuse(reply: FastifyReply, kind: ProblemKind, detail: string): FastifyReply {
  const body = problem(kind, detail);
  return reply.code(body.status).type(problemType).send(body);
}

export const contextOf = ({ parts, person }: At): Context => ({
  view: parts.views.of(person.tenant),
  person,
  canAct: parts.hand !== null,
  policy: parts.policy,
  flagNow: parts.flagNow,
  logTime: parts.logTime,
  isDemo: parts.isDemo,
  intakeUrl: parts.intakeUrl,
});
