import { z } from "zod";
import { mendingReportOf } from "../api/mending-report.ts";
import { openApi } from "../api/openapi.ts";
import { overviewOf } from "../api/overview.ts";
import { segmentReportOf } from "../api/segment-report.ts";
import { customerRoutes } from "./customers.ts";
import { embedRoutes } from "./embed.ts";
import { contextOf, type Route, refuse } from "./parts.ts";
import { sendAsset } from "./send-asset.ts";
import { signInRoutes } from "./sign-in.ts";
import { surveyRoutes } from "./survey.ts";
import { webhookRoutes } from "./webhooks.ts";

const document = openApi();

const assetShape = z.object({ name: z.string() });

/** Every way in. What is not here is answered 404 or 405. */
export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/",
    needs: "nobody",
    handle: (request, reply, parts) => sendAsset(request, reply, parts, "index.html"),
  },
  {
    method: "GET",
    path: "/assets/:name",
    needs: "nobody",
    handle: (request, reply, parts) =>
      sendAsset(request, reply, parts, assetShape.parse(request.params).name),
  },
  {
    method: "GET",
    path: "/api/openapi.json",
    needs: "nobody",
    handle: (_, reply) => reply.send(document),
  },
  ...signInRoutes,
  {
    method: "GET",
    path: "/api/overview",
    needs: "overview",
    handle: (_, reply, at) => reply.send(overviewOf(contextOf(at))),
  },
  ...customerRoutes,
  ...webhookRoutes,
  ...surveyRoutes,
  ...embedRoutes,
  {
    method: "GET",
    path: "/api/reports/mending",
    needs: "report",
    handle: (_, reply, at) => {
      const report = mendingReportOf(contextOf(at));
      return report === null
        ? refuse(reply, "not-found", "The policy names no ways to put things right.")
        : reply.send(report);
    },
  },
  {
    method: "GET",
    path: "/api/reports/segments",
    needs: "report",
    handle: (_, reply, at) => reply.send(segmentReportOf(contextOf(at))),
  },
  {
    method: "GET",
    path: "/api/live",
    needs: "overview",
    handle: (request, reply, { parts, person }) => {
      const isNamed = person.teams === null;
      if (!parts.live(person.tenant).follow(request.raw, reply.raw, isNamed)) {
        reply.header("retry-after", "30");
        return refuse(reply, "too-many-followers", "Close another desk and try again.");
      }
      return reply.hijack();
    },
  },
  {
    method: "GET",
    path: "/api/audit",
    needs: "audit",
    handle: async (_, reply, { parts }) => {
      const { number, hash } = parts.audit.head();
      reply.headers({ "troth-audit-lines": String(number), "troth-audit-hash": hash });
      return reply.type("application/x-ndjson; charset=utf-8").send(await parts.audit.read());
    },
  },
];
