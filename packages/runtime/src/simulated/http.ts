import type { Http, HttpAnswer, HttpRequest } from "../ports.ts";
import { WorldError } from "../world-error.ts";
import type { Perform } from "./disk.ts";

export type SimulatedHttp = Http & { readonly sent: readonly HttpRequest[] };

/**
 * The world outside as a function. `never` stands for a peer that does not answer within the
 * request's time: the request may have had its effect all the same.
 */
export function openSimulatedHttp(
  answer: (request: HttpRequest) => HttpAnswer | "never" | "refused",
  perform: Perform<HttpRequest> = async (_, work) => work(),
): SimulatedHttp {
  const sent: HttpRequest[] = [];
  return {
    sent,
    send: (request) =>
      perform(request, () => {
        sent.push(request);
        const result = answer(request);
        if (result === "never")
          throw new WorldError("timeout", `no answer in ${request.timeoutMs} ms`);
        if (result === "refused") throw new WorldError("unreachable", "connection refused");
        if (result.body.length > request.answerBytesMax)
          throw new WorldError("too-large", `answer exceeds ${request.answerBytesMax} bytes`);
        return result;
      }),
  };
}
