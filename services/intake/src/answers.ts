import type { RefusalReason } from "@troth/events";
import { LogError } from "@troth/log";
import type { FastifyReply } from "fastify";
import { type Problem, type ProblemKind, problem } from "./problem.ts";

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

export function turnAway(
  reply: FastifyReply,
  kind: ProblemKind,
  detail: string,
  afterSeconds: number,
) {
  reply.header("retry-after", String(afterSeconds)).header("connection", "close");
  return answerProblem(reply, problem(kind, 503, detail));
}

/** Why storing failed, as the sender is told: nothing of it is theirs to repair. */
export function answerFailure(reply: FastifyReply, error: unknown, tell: IntakeTell): FastifyReply {
  const code = error instanceof LogError ? error.code : "failed";
  if (code === "overloaded") {
    tell.turnedAway("too-busy");
    return turnAway(reply, "too-busy", "Nothing was stored; send it again.", 1);
  }
  tell.failed(error);
  tell.turnedAway(code === "disk-full" ? "disk-full" : "log-failed");
  const detail = "It is not sure that anything was stored; sending it again does no harm.";
  return turnAway(reply, "storage-unavailable", detail, 5);
}

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
