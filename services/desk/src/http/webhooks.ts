import { isoTime } from "@troth/events";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { jsonIn } from "./body.ts";
import { faultOf } from "./customers.ts";
import { type Parts, type Route, refuse } from "./parts.ts";

export const surveySource = "urn:troth:survey-webhook";

/** What a survey tool says when somebody answered. */
const answeredShape = z.strictObject({
  type: z.literal("survey.answered"),
  timestamp: z.iso.datetime({ offset: true }),
  data: z.strictObject({
    subject: z.string().min(3).max(256).describe("`customer:42`, or another name of theirs."),
    invitationId: z.string().min(1).max(256),
    outcome: z.enum(["enjoyed", "indifferent", "not_enjoyed"]),
    score: z.number().optional(),
  }),
});

const headerOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
};

const whys = {
  "no-headers": "It needs webhook-id, webhook-timestamp and webhook-signature.",
  "bad-time": "webhook-timestamp is more than five minutes off.",
  "bad-signature": "No signature fits the body.",
} as const;

/** An answer by way of a survey tool becomes a fact, once, however often the tool tells it. */
async function survey(request: FastifyRequest, reply: FastifyReply, parts: Parts) {
  const { webhooks, hand, logTime } = parts;
  if (webhooks === null || hand === null) {
    return refuse(reply, "not-found", "No webhook secret is set.");
  }
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const checked = webhooks.check(
    {
      id: headerOf(request, "webhook-id"),
      timestamp: headerOf(request, "webhook-timestamp"),
      signature: headerOf(request, "webhook-signature"),
    },
    body,
  );
  if (!checked.ok) return refuse(reply, "not-signed", whys[checked.error]);
  const { id, isRepeated } = checked.value;
  if (isRepeated) return reply.code(204).send();
  const read = answeredShape.safeParse(jsonIn(request));
  if (!read.success) return refuse(reply, "bad-request", faultOf(read.error));
  const { subject, ...data } = read.data.data;
  const now = logTime();
  const event = {
    specversion: "1.0",
    // The fact's id is the webhook's, so that after a restart too it counts once.
    id,
    source: surveySource,
    type: "org.troth.survey.answered.v1",
    subject,
    time: isoTime(Math.min(Date.parse(read.data.timestamp), now)),
    recordedtime: isoTime(now),
    data: { ...data, answeredAt: read.data.timestamp },
  };
  if ((await hand([event])) === "refused") {
    reply.header("retry-after", "30");
    return refuse(reply, "not-stored", "Send it again, under the same id.");
  }
  webhooks.done(id);
  return reply.code(204).send();
}

export const webhookRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/webhooks/survey",
    needs: "nobody",
    bodyMax: 16_384,
    handle: survey,
  },
];
