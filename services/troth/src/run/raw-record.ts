import type { RawRecord } from "@troth/intake";
import type { KafkaMessage } from "kafkajs";

const textOf = (value: unknown): string => {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first === null ? "" : first.toString("utf8");
};

const keyOf = (key: Buffer | null): unknown => {
  if (key === null) return null;
  const text = key.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** A record of a topic as expressions see it; `value` is what was decoded of it. */
export function rawOf(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  message: Pick<KafkaMessage, "key" | "offset" | "timestamp" | "headers">,
  value: unknown,
): RawRecord {
  const headers = Object.entries(message.headers ?? {});
  return {
    value,
    key: keyOf(message.key),
    headers: Object.fromEntries(headers.map(([name, one]) => [name, textOf(one)])),
    topic,
    partition,
    offset: message.offset,
    timestamp: Number(message.timestamp),
    line: null,
  };
}
