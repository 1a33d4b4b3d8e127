import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Embedder, readEmbed } from "../access/embed.ts";
import type { Person } from "../access/person.ts";
import { customerPageOf } from "../api/customer-page.ts";
import { flagPageOf } from "../api/flag-page.ts";
import { riskAssessmentOf } from "../api/risk-assessment.ts";
import type { DeskCustomer } from "../view/customer.ts";
import { type At, contextOf, type Parts, type Route, refuse } from "./parts.ts";

const paramsShape = z.object({ name: z.string(), token: z.string() });

/** Who looks by way of another system: sees what a page of its tenant may show, and does nothing. */
const lookingIn = ({ name, tenant }: Embedder): Person => ({
  pseudonym: `embedded-${name}`,
  name,
  role: "owner",
  tenant,
  teams: null,
});

type Seen = { readonly at: At; readonly embedder: Embedder; readonly customer: DeskCustomer };

/** What a link shows; null for every link that shows nothing, without saying why. */
function seenBy(request: FastifyRequest, parts: Parts): Seen | null {
  const { name, token } = paramsShape.parse(request.params);
  const embedder = parts.embedders.find((one) => one.name === name);
  if (embedder === undefined) return null;
  const named = readEmbed(embedder, token, parts.clock.now());
  const customer =
    named === null ? null : parts.views.of(embedder.tenant).customer(named.reference);
  if (customer === null) return null;
  return {
    at: { parts: { ...parts, hand: null }, person: lookingIn(embedder) },
    embedder,
    customer,
  };
}

const nothing = (reply: FastifyReply): FastifyReply =>
  refuse(
    reply,
    "not-found",
    "The link is over, or not signed for this desk, or names nobody. The other system makes a new one.",
  );

/** No script at all; and whose page may hold it is the browser's to see to. */
const policyFor = (origins: readonly string[]): string =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${origins.join(" ")}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");

export const embedRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/embed/:name/:token",
    needs: "nobody",
    handle: (request, reply, parts) => {
      const seen = seenBy(request, parts);
      if (seen === null) return nothing(reply);
      reply.removeHeader("x-frame-options");
      reply.header("content-security-policy", policyFor(seen.embedder.origins));
      const page = customerPageOf(contextOf(seen.at), seen.customer);
      return reply.type("text/html; charset=utf-8").send(flagPageOf(page, parts.publicUrl));
    },
  },
  {
    method: "GET",
    path: "/api/embed/:name/:token",
    needs: "nobody",
    handle: (request, reply, parts) => {
      const seen = seenBy(request, parts);
      return seen === null
        ? nothing(reply)
        : reply.send(riskAssessmentOf(contextOf(seen.at), seen.customer));
    },
  },
];
