import { decisionKinds, kinds, tableOf, typeOf } from "@troth/events";
import type { Role, Topic, TopicTable } from "./table.ts";

type Json = { readonly [name: string]: unknown };

const avro = "application/vnd.apache.avro+json;version=1.9.0";
const text = { type: "string" };

/** `troth.set-aside` is `setAside` where names may have neither dots nor hyphens. */
const idOf = (topic: Topic): string =>
  topic.name.replace(/^troth\./, "").replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const stamped = {
  troth_stamp: {
    type: "string",
    pattern: "^\\d+$",
    description: "Log time, UTC milliseconds; Kafka's own timestamp is when the broker stored it.",
  },
};

const cloudEvent = (type: Json): Json => ({
  type: "object",
  required: ["ce_specversion", "ce_id", "ce_source", "ce_type", "troth_stamp"],
  properties: {
    ...stamped,
    ce_specversion: { const: "1.0" },
    ce_id: { ...text, description: "With ce_source it names the event; a copy has the same." },
    ce_source: text,
    ce_type: type,
    ce_time: { type: "string", format: "date-time", description: "When it happened." },
    ce_recordedtime: {
      type: "string",
      format: "date-time",
      description: "When it could be known.",
    },
    ce_subject: { ...text, description: "The reference it names." },
    ce_tenantid: text,
    "content-type": text,
  },
});

const keyOf = (topic: Topic): Json => ({
  kafka: {
    ...(topic.key !== null && { key: { type: "string", description: topic.key } }),
    bindingVersion: "0.5.0",
  },
});

/** One message for each kind of fact: its data is the Avro schema beside this document. */
const factMessages = (topic: Topic): Json =>
  Object.fromEntries(
    kinds.map((kind) => [
      kind,
      {
        name: typeOf(kind),
        title: tableOf(kind).doc,
        contentType: "application/avro",
        headers: {
          allOf: [
            { $ref: "#/components/schemas/cloudEvent" },
            { properties: { ce_type: { const: typeOf(kind) } } },
          ],
        },
        payload: { schemaFormat: avro, schema: { $ref: `./noise/${kind}.avsc` } },
        bindings: keyOf(topic),
      },
    ]),
  );

const oneMessage = (topic: Topic, headers: Json, payload: Json): Json => ({
  [idOf(topic)]: {
    name: topic.name,
    title: topic.what,
    contentType: "application/json",
    headers,
    payload,
    bindings: keyOf(topic),
  },
});

function messagesOf(topic: Topic): Json {
  const plain = { type: "object", required: ["troth_stamp"], properties: stamped };
  switch (topic.name) {
    case "troth.facts":
    case "troth.noise":
      return factMessages(topic);
    case "troth.decisions":
      return oneMessage(topic, cloudEvent({ ...text, pattern: "^org\\.troth\\.said\\." }), {
        type: "object",
        required: ["inOffset", "seq", "stamp", "body"],
        properties: {
          inOffset: { type: "integer", description: "Number of the record that caused it." },
          seq: { type: "integer", description: "Its own number among that record's." },
          stamp: { type: "integer", description: "Log time." },
          body: {
            type: "object",
            required: ["kind"],
            properties: {
              kind: { enum: [...decisionKinds, "noise", "retraction", "merge", "split"] },
            },
          },
        },
      });
    case "troth.genesis":
      return oneMessage(topic, { type: "object" }, { type: "string", format: "uuid" });
    default:
      return oneMessage(topic, plain, { type: ["object", "null"] });
  }
}

function channelOf(table: TopicTable, topic: Topic): Json {
  const retention = topic.cleanup === "delete" ? { "retention.bytes": -1 } : {};
  return {
    address: topic.name,
    title: topic.what,
    messages: messagesOf(topic),
    bindings: {
      kafka: {
        topic: topic.name,
        // How many customers are spread over is chosen at birth; 16 unless told.
        partitions: topic.partitions === "customers" ? 16 : topic.partitions,
        replicas: table.replicas,
        topicConfiguration: {
          "cleanup.policy": [topic.cleanup],
          "max.message.bytes": Number(table.settings["max.message.bytes"]),
          ...retention,
        },
        bindingVersion: "0.5.0",
      },
    },
  };
}

function operationOf(topic: Topic, role: Role, action: "send" | "receive"): Json {
  const joins = action === "receive" && topic.group === `troth.${role}`;
  return {
    action,
    channel: { $ref: `#/channels/${idOf(topic)}` },
    summary: `${role} ${action === "send" ? "writes" : "reads"} ${topic.what}`,
    security: [{ $ref: "#/components/securitySchemes/login" }],
    ...(joins && {
      bindings: {
        kafka: { groupId: { type: "string", const: topic.group }, bindingVersion: "0.5.0" },
      },
    }),
  };
}

/** The AsyncAPI 3 document of what troth writes and reads on Kafka. */
export function asyncApiOf(table: TopicTable): Json {
  const operations = table.topics.flatMap((topic) => [
    ...topic.written.map((role) => [
      `${role}-writes-${idOf(topic)}`,
      operationOf(topic, role, "send"),
    ]),
    ...topic.read.map((role) => [
      `${role}-reads-${idOf(topic)}`,
      operationOf(topic, role, "receive"),
    ]),
  ]);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "troth on Kafka",
      version: "0.1.0",
      description:
        "Written by `troth topics asyncapi` from topics.json and the vocabulary; change those. The first " +
        "record of every partition is its genesis. Facts and noise hold records of troth's own beside " +
        "the events (ticks, joins, policies): a record without ce_specversion is one of those.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    servers: {
      brokers: {
        host: "{broker}",
        protocol: "kafka-secure",
        variables: { broker: { default: "localhost:9093", description: "host:port of a broker" } },
        security: [{ $ref: "#/components/securitySchemes/login" }],
      },
    },
    channels: Object.fromEntries(
      table.topics.map((topic) => [idOf(topic), channelOf(table, topic)]),
    ),
    operations: Object.fromEntries(operations),
    components: {
      schemas: { cloudEvent: cloudEvent(text) },
      securitySchemes: { login: { type: "scramSha512" } },
    },
  };
}
