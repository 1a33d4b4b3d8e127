import { z } from "zod";
import { act, acted } from "../acts/act.ts";
import * as schemas from "./schemas.ts";

const registry = z.registry<{ id: string }>();
const named = {
  Queue: schemas.queue,
  QueueRow: schemas.queueRow,
  CustomerPage: schemas.customerPage,
  TimelineEntry: schemas.timelineEntry,
  PromiseRow: schemas.promiseRow,
  ChainLink: schemas.chainLink,
  Breakdown: schemas.breakdown,
  Overview: schemas.overview,
  LinkOverview: schemas.linkOverview,
  PartyRoleRiskAssessment: schemas.riskAssessment,
  MendingReport: schemas.mendingReport,
  SegmentReport: schemas.segmentReport,
  Me: schemas.me,
  Act: act,
  Acted: acted,
  Problem: schemas.problemShape,
};
for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });

type Name = keyof typeof named;
const refTo = (name: Name) => ({ $ref: `#/components/schemas/${name}` });

const answers = (description: string, name: Name, status = "200") => ({
  [status]: { description, content: { "application/json": { schema: refTo(name) } } },
  default: {
    description: "What went wrong, RFC 9457",
    content: { "application/problem+json": { schema: refTo("Problem") } },
  },
});

const reference = {
  name: "ref",
  in: "path",
  required: true,
  description: "Any name the customer is known by: `customer:42`, `order:A-1`, `phone:…`",
  schema: { type: "string" },
};

/** Parameters of a query, one for each field of its schema. */
function parametersOf(schema: typeof schemas.queueQuery): unknown[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: "query",
    required: false,
    schema: property,
  }));
}

/** The desk's interface as OpenAPI 3.1, made of the schemas its answers are typed by. */
export function openApi(): unknown {
  const { schemas: components } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
  });
  for (const schema of Object.values(components)) {
    delete schema.$id;
    delete schema.$schema;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Troth desk",
      version: "1.0.0",
      description: "Which customers' promised experience is being undermined, by what, and why.",
    },
    paths: {
      "/api/customers": {
        get: {
          operationId: "listCustomers",
          summary: "Customers at risk, the worst first",
          parameters: parametersOf(schemas.queueQuery),
          responses: answers("One page of customers", "Queue"),
        },
      },
      "/api/customers/{ref}": {
        get: {
          operationId: "readCustomer",
          summary: "One customer: chain, score, promises, timeline",
          parameters: [reference],
          responses: answers("The customer", "CustomerPage"),
        },
      },
      "/api/customers/{ref}/flag": {
        get: {
          operationId: "readFlag",
          summary: "The customer's risk flag for other systems",
          parameters: [reference],
          responses: answers("The flag", "PartyRoleRiskAssessment"),
        },
      },
      "/api/embed/{name}/{token}": {
        get: {
          operationId: "readSignedFlag",
          summary:
            "The same for a system that signs its links; /embed/{name}/{token} is it as a page",
          parameters: ["name", "token"].map((name) => ({
            name,
            in: "path",
            required: true,
            schema: { type: "string" },
          })),
          responses: answers("The flag", "PartyRoleRiskAssessment"),
        },
      },
      "/api/overview": {
        get: {
          operationId: "readOverview",
          summary: "The whole chain: kept and broken per link and owner, customers by level",
          responses: answers("The overview", "Overview"),
        },
      },
      "/api/customers/{ref}/acts": {
        post: {
          operationId: "act",
          summary: "Does something about a customer; it becomes a fact on the log",
          parameters: [reference],
          requestBody: {
            required: true,
            content: { "application/json": { schema: refTo("Act") } },
          },
          responses: {
            ...answers("It is stored, judged and shown", "Acted", "201"),
            ...answers("It is stored; `/api/live` says when it is shown", "Acted", "202"),
          },
        },
      },
      "/api/me": {
        get: {
          operationId: "readMe",
          summary: "Who is signed in, and what they may do",
          responses: answers("The person", "Me"),
        },
      },
      "/api/reports/mending": {
        get: {
          operationId: "readMending",
          summary: "What goodwill went to, and whether like harm was answered alike",
          responses: answers("The report", "MendingReport"),
        },
      },
      "/api/reports/segments": {
        get: {
          operationId: "readSegments",
          summary:
            "How the relationship with each segment goes: twelve weeks of risk, promises, answers",
          responses: answers("The report", "SegmentReport"),
        },
      },
      "/api/audit": {
        get: {
          operationId: "readAudit",
          summary: "Who did what: one JSON object a line, each holding the hash of the line before",
          responses: {
            "200": { description: "The record", content: { "application/x-ndjson": {} } },
          },
        },
      },
      "/api/live": {
        get: {
          operationId: "followChanges",
          summary: "Server-sent events: `customers` and `overview` say what to read again",
          responses: {
            "200": { description: "A stream", content: { "text/event-stream": {} } },
          },
        },
      },
    },
    components: { schemas: components },
  };
}
