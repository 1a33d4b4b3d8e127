import { isUtf8 } from "node:buffer";
import { err, jsonFault, ok, type Refusal, type Result } from "@troth/events";
import type { Http } from "@troth/runtime";
import type avsc from "avsc";
import type { Mapping } from "./mapping.ts";
import { openRegistry, openType } from "./registry.ts";

export type Decoded = Result<unknown, Refusal>;
/** Turns a value's bytes into what expressions see. Throws only when the registry fails. */
export type Decoder = (bytes: Buffer) => Promise<Decoded>;

const refuse = (reason: Refusal["reason"], message: string): Decoded =>
  err({ reason, field: null, message });

/** Two fields that share a name would let one rule see what another reader does not. */
export function readJson(bytes: Buffer): Decoded {
  if (!isUtf8(bytes)) return refuse("not-utf8", "The bytes are not UTF-8; send UTF-8.");
  const text = bytes.toString("utf8");
  try {
    return ok(JSON.parse(text));
  } catch {
    const fault = jsonFault(text);
    const where = fault === null ? "" : ` at character ${fault.at + 1} expected ${fault.expected}`;
    return refuse("not-json", `The record is no JSON:${where}.`);
  }
}

/** Avro's records are of a class of their own each, which no expression knows: the same as plain data. */
export function asPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asPlain);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asPlain(one)]));
}

function readAvro(type: avsc.Type, bytes: Buffer): Decoded {
  try {
    return ok(asPlain(type.fromBuffer(bytes)));
  } catch {
    return refuse(
      "bad-avro",
      "The record cannot be read by its Avro schema; send what was agreed.",
    );
  }
}

/** Confluent's wire format: a zero, the schema's id in four bytes, the value. */
const wireHead = 5;

export type DecoderPorts = {
  readonly http: Http;
  /** The text of a schema file that the mapping names, relative to the mapping. */
  readonly readText: (path: string) => Promise<string>;
};

export async function openDecoder({ from }: Mapping, ports: DecoderPorts): Promise<Decoder> {
  if (from.registry !== undefined) {
    const registry = openRegistry(from.registry, ports.http);
    return async (bytes) => {
      if (bytes.length < wireHead || bytes[0] !== 0) {
        const message = "The record does not begin with a zero and a schema id; is it Avro?";
        return refuse("bad-avro", message);
      }
      return readAvro(await registry.typeOf(bytes.readInt32BE(1)), bytes.subarray(wireHead));
    };
  }
  if (from.schema !== undefined) {
    const type = openType(JSON.parse(await ports.readText(from.schema)));
    return async (bytes) => readAvro(type, bytes);
  }
  return async (bytes) => readJson(bytes);
}
