import { amountUnits, pseudonym, publicPseudonymKey } from "@troth/events";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { concerns } from "../access/person.ts";
import { mayDo } from "../access/roles.ts";
import { act, actLimits, actNeeds } from "../acts/act.ts";
import { type Event, factsOf, recoveryEvent } from "../acts/facts.ts";
import { isRecoveryPromised } from "../acts/recovery.ts";
import { customerPageOf } from "../api/customer-page.ts";
import { queueOf } from "../api/queue.ts";
import { riskAssessmentOf } from "../api/risk-assessment.ts";
import { queueQuery } from "../api/schemas.ts";
import type { DeskCustomer } from "../view/customer.ts";
import { jsonIn } from "./body.ts";
import { type At, contextOf, type Route, refuse } from "./parts.ts";

/** Where the first thing wrong stands, and what was expected there. */
export const faultOf = ({ issues }: z.ZodError): string => {
  const [first] = issues;
  return first === undefined ? "" : `${first.path.join(".")}: ${first.message}`;
};

const paramsShape = z.object({ ref: z.string() });

/** How the audit names a customer. */
export const nameFor = (tenant: string, reference: string): string =>
  pseudonym(tenant, reference, publicPseudonymKey);

/** The customer asked for, if this person may know that there is one. */
function customerIn(request: FastifyRequest, at: At): DeskCustomer | null {
  const { ref } = paramsShape.parse(request.params);
  const customer = contextOf(at).view.customer(ref);
  return customer !== null && concerns(at.person, customer) ? customer : null;
}

const unknown = (reply: FastifyReply): FastifyReply =>
  refuse(
    reply,
    "unknown-customer",
    "No event that came in has this name for a customer. Names look like customer:42 or order:A-1.",
  );

function readQueue(request: FastifyRequest, reply: FastifyReply, at: At): FastifyReply {
  const query = queueQuery.safeParse(request.query);
  if (!query.success) return refuse(reply, "bad-request", faultOf(query.error));
  const queue = queueOf(contextOf(at), query.data);
  if (queue.ok) return reply.send(queue.value);
  const detail =
    queue.error === "unknown-cursor"
      ? "cursor: not one this desk gave"
      : "level: any, or some of critical, high, medium, low, none by commas";
  return refuse(reply, "bad-request", detail);
}

/** Does what is asked, writes down who did it, and answers once the timeline shows it, or that it will. */
async function doAct(request: FastifyRequest, reply: FastifyReply, at: At): Promise<FastifyReply> {
  const { parts, person } = at;
  const body = act.safeParse(jsonIn(request));
  if (!body.success) return refuse(reply, "bad-request", faultOf(body.error));
  const customer = customerIn(request, at);
  if (customer === null) return unknown(reply);
  const about = nameFor(person.tenant, customer.reference);
  const { pseudonym: who, role, tenant } = person;
  const deed = { who, role, tenant, did: body.data.act, about };
  if (!mayDo(role, actNeeds[body.data.act])) {
    await parts.audit.note({ ...deed, outcome: "refused" });
    return refuse(reply, "not-allowed", `act: ${body.data.act} is not for the role ${role}.`);
  }
  const { hand } = parts;
  if (hand === null) return refuse(reply, "not-stored", "This desk is for reading only.");
  const now = parts.logTime();
  const { mending } = contextOf(at).view;
  const { hash: policyHash } = parts.policy;
  const links = parts.policy.links.map(({ id }) => id);
  const made = factsOf(body.data, { person, customer, now, mending, policyHash, links });
  if (!made.ok) {
    return refuse(reply, "not-possible", `${made.error.field}: ${made.error.why}.`);
  }
  const events = [...made.value, ...opened(body.data, customer, at, now)];
  // Set aside before anything is waited for: what others are offered meanwhile cannot be this again.
  const goodwill = goodwillOf(made.value);
  if (mending?.fund.reserve(goodwill.id, goodwill.amount, now) === false) {
    return refuse(reply, "not-possible", "amount: there is not so much goodwill left now.");
  }
  const isShared = goodwill.amount > 0 && parts.goodwill !== null;
  if (isShared && !(await parts.goodwill.setAside(tenant, goodwill.id, goodwill.amount))) {
    mending?.fund.giveBack(goodwill.id);
    return refuse(reply, "not-possible", "amount: another desk gave it away meanwhile.");
  }
  // Written down first: an act that is stored and unaccounted for would be worse than the reverse.
  await parts.audit.note({ ...deed, outcome: "done" });
  const handed = await hand(events);
  const isTaken = handed !== "refused";
  if (!isTaken || !goodwill.isPaid) {
    mending?.fund.giveBack(goodwill.id);
    // One that is not given back now comes back by itself.
    if (isShared) await parts.goodwill?.giveBack(tenant, goodwill.id).catch(() => undefined);
  }
  if (!isTaken) {
    await parts.audit.note({ ...deed, outcome: "failed" });
    reply.header("retry-after", "5");
    return refuse(reply, "not-stored", "Sending it again, with the same actId, does no harm.");
  }
  return reply.code(handed === "shown" ? 201 : 202).send({
    eventIds: made.value.map((event) => String(event["id"])),
    version: contextOf(at).view.changes.version,
    isShown: handed === "shown",
  });
}

/** The goodwill events would spend, in ten-thousandths. */
function goodwillOf(events: readonly Event[]): { id: string; amount: number; isPaid: boolean } {
  for (const { data, type } of events) {
    const read = goodwillShape.safeParse(data);
    if (!read.success) continue;
    const { resolutionId: id, amount } = read.data;
    const isPaid = type === "org.troth.resolution.accepted.v1";
    return { id, amount: amountUnits(amount.amount), isPaid };
  }
  return { id: "", amount: 0, isPaid: false };
}

const goodwillShape = z.object({
  resolutionId: z.string(),
  ledger: z.literal("goodwill"),
  amount: z.object({ amount: z.string() }),
});

/** Whoever takes an alert on promises to put it right. */
function opened(done: z.infer<typeof act>, customer: DeskCustomer, { person }: At, now: number) {
  if (done.act !== "take" || isRecoveryPromised(customer, done.alertId)) return [];
  const { reference } = customer;
  const { tenant } = person;
  return [recoveryEvent({ alertId: done.alertId, customer: reference, tenant, madeAt: now })];
}

export const customerRoutes: readonly Route[] = [
  { method: "GET", path: "/api/customers", needs: "customers", handle: readQueue },
  {
    method: "GET",
    path: "/api/customers/:ref",
    needs: "customers",
    handle: (request, reply, at) => {
      const customer = customerIn(request, at);
      if (customer === null) return unknown(reply);
      return reply.send(customerPageOf(contextOf(at), customer));
    },
  },
  {
    method: "GET",
    path: "/api/customers/:ref/flag",
    needs: "customers",
    handle: (request, reply, at) => {
      const customer = customerIn(request, at);
      return customer === null
        ? unknown(reply)
        : reply.send(riskAssessmentOf(contextOf(at), customer));
    },
  },
  {
    method: "POST",
    path: "/api/customers/:ref/acts",
    needs: "customers",
    bodyMax: actLimits.bytesMax,
    handle: doAct,
  },
];
