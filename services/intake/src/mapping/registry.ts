import type { Http } from "@troth/runtime";
import avsc from "avsc";
import { IntakeError } from "../intake-error.ts";

/** Schemas by the id in a message: Confluent's registry, or Apicurio's through its compatible face. */
export type SchemaRegistry = { readonly typeOf: (id: number) => Promise<avsc.Type> };

const answerBytesMax = 1 << 20;
const timeoutMs = 10_000;

/** Unions of one kind of value read as that value; times and dates stay the numbers they are. */
export const openType = (schema: avsc.Schema): avsc.Type =>
  avsc.Type.forSchema(schema, { wrapUnions: "auto" });

/**
 * Asks a registry for each schema once. A registry that fails is the world failing: it throws, and
 * the record waits; an id it does not know is told so too, because it may know it tomorrow.
 */
export function openRegistry(url: string, http: Http): SchemaRegistry {
  const known = new Map<number, avsc.Type>();
  const base = url.replace(/\/+$/, "");
  return {
    typeOf: async (id) => {
      const cached = known.get(id);
      if (cached !== undefined) return cached;
      const answer = await http.send({
        method: "GET",
        url: `${base}/schemas/ids/${id}`,
        headers: { accept: "application/vnd.schemaregistry.v1+json, application/json" },
        timeoutMs,
        answerBytesMax,
      });
      if (answer.status !== 200) {
        throw new IntakeError(
          "registry",
          `the registry answered ${answer.status} for schema ${id}`,
        );
      }
      try {
        const body: { readonly schema?: unknown } = JSON.parse(answer.body.toString("utf8"));
        const type = openType(JSON.parse(String(body.schema)));
        known.set(id, type);
        return type;
      } catch (error) {
        throw new IntakeError("registry", `schema ${id} of the registry cannot be used`, error);
      }
    },
  };
}
