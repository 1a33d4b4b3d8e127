import { isoTime } from "@troth/events";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { deskSource } from "../acts/facts.ts";
import { linkToken, readToken } from "../asking/link.ts";
import { invitationsOf, question, usualSampling } from "../asking/sampling.ts";
import { dayMs } from "../limits.ts";
import type { DeskCustomer } from "../view/customer.ts";
import { jsonIn } from "./body.ts";
import { faultOf } from "./customers.ts";
import { type At, contextOf, type Parts, type Route, refuse } from "./parts.ts";
import { sendAsset } from "./send-asset.ts";

const paramsShape = z.object({ token: z.string() });
const preferenceFields = ["contact", "pace", "price", "familiarity"] as const;

type Guest = {
  readonly customer: DeskCustomer;
  readonly invitationId: string;
  readonly tenant: string;
};

/** Whom a link was sent to; null for every link that opens nothing, without saying why. */
function guestOf(request: FastifyRequest, parts: Parts): Guest | null {
  const { token } = paramsShape.parse(request.params);
  const invitation = readToken(parts.linkSecret, token, parts.logTime());
  if (invitation === null) return null;
  const { tenant, invitationId } = invitation;
  const customer = parts.views.of(tenant).invited(invitationId);
  return customer === null ? null : { customer, invitationId, tenant };
}

const gone = (reply: FastifyReply): FastifyReply =>
  refuse(reply, "not-found", "This link is not, or no longer, one of ours.");

const stateOf = ({ customer, invitationId }: Guest) => ({
  question,
  answered: customer.answerTo(invitationId),
  preference: Object.fromEntries(
    preferenceFields.map((field) => [field, customer.profile.value(field)]),
  ),
});

const answerShape = z.strictObject({ outcome: z.enum(["enjoyed", "indifferent", "not_enjoyed"]) });
const preferenceShape = z.strictObject({
  contact: z.enum(["human", "digital", "none"]).optional(),
  pace: z.enum(["fast", "considered"]).optional(),
  price: z.enum(["lowest", "balanced", "service"]).optional(),
  familiarity: z.enum(["recognise_me", "do_not"]).optional(),
});

async function take(
  parts: Parts,
  reply: FastifyReply,
  { customer, tenant }: Guest,
  id: string,
  kind: string,
  data: object,
): Promise<boolean> {
  const now = isoTime(parts.logTime());
  const event = {
    specversion: "1.0",
    id,
    source: deskSource,
    type: `org.troth.${kind}.v1`,
    subject: customer.reference,
    tenantid: tenant,
    time: now,
    recordedtime: now,
    data,
  };
  if (parts.hand !== null && (await parts.hand([event])) !== "refused") return true;
  reply.header("retry-after", "10");
  return false;
}

const lost = (reply: FastifyReply): FastifyReply =>
  refuse(reply, "not-stored", "Please send it again.");

/** The customer's answer, once: the first one given stands. */
async function answer(request: FastifyRequest, reply: FastifyReply, parts: Parts) {
  const guest = guestOf(request, parts);
  if (guest === null) return gone(reply);
  const body = answerShape.safeParse(jsonIn(request));
  if (!body.success) return refuse(reply, "bad-request", faultOf(body.error));
  const { invitationId } = guest;
  const data = { invitationId, ...body.data, type: "enjoyed_personal_service" };
  const id = `answer-${invitationId}`;
  const isTaken = await take(parts, reply, guest, id, "survey.answered", data);
  return isTaken ? reply.send(stateOf(guest)) : lost(reply);
}

/** How personal they want it, in their own words and not in ours: it replaces whatever was guessed. */
async function prefer(request: FastifyRequest, reply: FastifyReply, parts: Parts) {
  const guest = guestOf(request, parts);
  if (guest === null) return gone(reply);
  const body = preferenceShape.safeParse(jsonIn(request));
  if (!body.success) return refuse(reply, "bad-request", faultOf(body.error));
  const data = { ...body.data, basis: "declared" };
  const isTaken = await take(parts, reply, guest, parts.rng.uuid(), "preference.set", data);
  return isTaken ? reply.send(stateOf(guest)) : lost(reply);
}

const roundShape = z.strictObject({ round: z.string().regex(/^[\w.-]{1,32}$/) });

/** Where whom was asked answers. */
const linksUntil =
  ({ parts, person: { tenant } }: At, until: number) =>
  ({ customer, invitationId }: { readonly customer: string; readonly invitationId: string }) => {
    const token = linkToken(parts.linkSecret, { tenant, invitationId, until });
    return { customer, invitationId, link: new URL(`/s/${token}`, parts.publicUrl).href };
  };

export const surveyRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/s/:token",
    needs: "nobody",
    handle: (request, reply, parts) => sendAsset(request, reply, parts, "survey.html"),
  },
  {
    method: "GET",
    path: "/api/survey/:token",
    needs: "nobody",
    handle: (request, reply, parts) => {
      const guest = guestOf(request, parts);
      return guest === null ? gone(reply) : reply.send(stateOf(guest));
    },
  },
  { method: "POST", path: "/api/survey/:token/answer", needs: "nobody", handle: answer },
  { method: "POST", path: "/api/survey/:token/preference", needs: "nobody", handle: prefer },
  {
    method: "POST",
    path: "/api/surveys",
    // Who holds a link can answer in the customer's name, so few are given any.
    needs: "decide",
    handle: async (request, reply, at) => {
      const { parts, person } = at;
      const body = roundShape.safeParse(jsonIn(request));
      if (!body.success) return refuse(reply, "bad-request", faultOf(body.error));
      const now = parts.logTime();
      const { view } = contextOf(at);
      const { linkSecret: secret, sampling = usualSampling } = parts;
      const asked = invitationsOf(view, person.tenant, body.data.round, secret, sampling, now);
      const events = asked.map(({ event }) => event);
      if (asked.length > 0 && ((await parts.hand?.(events)) ?? "refused") === "refused") {
        return refuse(reply, "not-stored", "The same round sent again asks the same people.");
      }
      const { pseudonym: who, role, tenant } = person;
      await parts.audit.note({ who, role, tenant, did: "ask", outcome: "done", about: null });
      const linkOf = linksUntil(at, now + sampling.openDays * dayMs);
      return reply.code(201).send({ asked: asked.map(linkOf) });
    },
  },
  {
    method: "GET",
    path: "/api/surveys/:round",
    needs: "decide",
    handle: (request, reply, at) => {
      const round = roundShape.safeParse(request.params);
      if (!round.success) return refuse(reply, "bad-request", faultOf(round.error));
      const { view } = contextOf(at);
      const { parts } = at;
      const { openDays } = parts.sampling ?? usualSampling;
      const linkOf = linksUntil(at, parts.logTime() + openDays * dayMs);
      const asked = view.invitedIn(round.data.round).flatMap((invitationId) => {
        const customer = view.invited(invitationId);
        return customer === null || customer.answerTo(invitationId) !== null
          ? []
          : [linkOf({ customer: customer.reference, invitationId })];
      });
      return reply.send({ asked });
    },
  },
];
