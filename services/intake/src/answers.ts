import type { RefusalReason } from "@troth/events";
import type { FastifyReply } from "fastify";
import { type Problem, problem } from "./problem.ts";
import type { Answer } from "./receive.ts";

export type TurnedAway = "too-busy" | "disk-full" | "log-failed";

/** What the door has to say about its work; the names of metrics are none of its business. */
export type IntakeTell = {
  readonly admitted: (facts: number, setAside: readonly RefusalReason[]) => void;
  readonly answered: (status: number) => void;
  readonly turnedAway: (why: TurnedAway) => void;
  readonly failed: (error: unknown) => void;
};

/** The content types of `doors`, as a sender who used another one is told. */
export const wantedTypes =
  "Send application/cloudevents+json, application/cloudevents-batch+json or application/x-ndjson in UTF-8, without content encoding.";

export const answerProblem = (reply: FastifyReply, it: Problem, more: object = {}): FastifyReply =>
  reply
    .code(it.status)
    .type("application/problem+json")
    .send({ ...it, ...more });

export const sendAnswer = (reply: FastifyReply, answer: Answer): FastifyReply =>
  reply.code(answer.status).headers(answer.headers).type(answer.type).send(answer.body);

export function answerError(error: unknown, reply: FastifyReply, tell: IntakeTell): FastifyReply {
  const status =
    error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
      ? error.statusCode
      : 500;
  if (status === 413)
    return answerProblem(reply, problem("too-large", 413, "Send fewer events at once."));
  if (status === 415)
    return answerProblem(reply, problem("unsupported-media-type", 415, wantedTypes));
  if (status === 408) return answerProblem(reply, problem("too-slow", 408, "Send faster."));
  if (status >= 400 && status < 500)
    return answerProblem(reply, problem("bad-request", status, "Check its head and its length."));
  tell.failed(error);
  return answerProblem(reply, problem("internal-error", 500, "It was written to our log."));
}
