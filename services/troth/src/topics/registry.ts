import { dataSchemas, flagJsonSchema, outputJsonSchema } from "@troth/events";
import type { SchemaIds } from "@troth/log";
import { type Http, type HttpAnswer, patiently, systemClock, WorldError } from "@troth/runtime";
import { z } from "zod";
import { InputError } from "../exit.ts";

/** A schema as a registry keeps it: one subject for each kind, by the record's full name. */
type Named = { readonly fileId: number; readonly subject: string; readonly schema: string };

const named = (): readonly Named[] =>
  dataSchemas().map(({ id, schema }) => {
    const { namespace, name } = z.object({ namespace: z.string(), name: z.string() }).parse(schema);
    return { fileId: id, subject: `${namespace}.${name}`, schema: JSON.stringify(schema) };
  });

/** What is said is JSON: found by its topic, as no id stands before it. */
const ofTopics = (): readonly { readonly subject: string; readonly schema: string }[] => [
  { subject: "troth.decisions-value", schema: JSON.stringify(outputJsonSchema()) },
  { subject: "troth.flags-value", schema: JSON.stringify(flagJsonSchema()) },
];
/** Whoever reads by the schema of today must be able to read what a later troth says. */
const compatibilityOfTopics = "FORWARD_TRANSITIVE";

/** What is read today must be readable by whoever reads tomorrow, whatever came in between. */
const compatibility = "BACKWARD_TRANSITIVE";
const mediaType = "application/vnd.schemaregistry.v1+json";
const answerBytesMax = 1 << 20;
const timeoutMs = 10_000;
const asksAtOnce = 4;
const idShape = z.object({
  id: z
    .int()
    .min(0)
    .max(2 ** 32 - 1),
});

type Registry = {
  readonly ask: (method: "POST" | "PUT", path: string, body: unknown) => Promise<HttpAnswer>;
};

/** `TROTH_REGISTRY_AUTH` is `user:password`, if it wants one. */
function openRegistry(url: string, http: Http, env: NodeJS.ProcessEnv): Registry {
  const base = url.replace(/\/+$/, "");
  const login = env["TROTH_REGISTRY_AUTH"];
  const headers = {
    accept: `${mediaType}, application/json`,
    "content-type": mediaType,
    ...(login !== undefined && {
      authorization: `Basic ${Buffer.from(login).toString("base64")}`,
    }),
  };
  return {
    ask: async (method, path, body) => {
      const asked = { method, url: `${base}${path}`, headers, body: JSON.stringify(body) };
      const answer = await http.send({ ...asked, timeoutMs, answerBytesMax });
      if (answer.status < 500) return answer;
      throw new WorldError("unreachable", `the registry answered ${answer.status}`);
    },
  };
}

const textOf = ({ status, body }: HttpAnswer): string =>
  `${status} ${body.toString("utf8").slice(0, 300)}`;

const idIn = (answer: HttpAnswer, what: string): number => {
  const read = answer.status === 200 ? idShape.safeParse(JSON.parse(answer.body.toString())) : null;
  if (read?.success) return read.data.id;
  throw new InputError(`the registry ${what}: it answered ${textOf(answer)}`);
};

const pathOf = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;

/**
 * Registers every schema of troth's facts, older ones first, and says that each must stay readable; then those of what is said.
 * What is there already keeps its id. Gives how many schemas of how many kinds there are, and the subjects of what is said.
 */
export async function registerSchemas(
  url: string,
  http: Http,
  env: NodeJS.ProcessEnv,
): Promise<{
  readonly schemas: number;
  readonly kinds: number;
  readonly said: readonly string[];
}> {
  const { ask } = openRegistry(url, http, env);
  const all = named();
  const subjects = new Set<string>();
  for (const { subject, schema } of all) {
    const answer = await ask("POST", `${pathOf(subject)}/versions`, { schema });
    idIn(answer, `does not take the schema of ${subject}`);
    subjects.add(subject);
  }
  const keep = async (subject: string, level: string): Promise<void> => {
    const body = { compatibility: level };
    const set = await ask("PUT", `/config/${encodeURIComponent(subject)}`, body);
    if (set.status === 200) return;
    throw new InputError(`the compatibility of ${subject} could not be set: ${textOf(set)}`);
  };
  for (const subject of subjects) await keep(subject, compatibility);
  const said = ofTopics();
  for (const { subject, schema } of said) {
    const body = { schema, schemaType: "JSON" };
    const answer = await ask("POST", `${pathOf(subject)}/versions`, body);
    idIn(answer, `does not take the schema of ${subject}`);
    await keep(subject, compatibilityOfTopics);
  }
  return {
    schemas: all.length,
    kinds: subjects.size,
    said: said.map(({ subject }) => subject),
  };
}

/** The registry's ids of the schemas this troth writes and reads; waits for one that is away. */
export async function openSchemaIds(
  url: string,
  ports: {
    readonly http: Http;
    readonly env: NodeJS.ProcessEnv;
    readonly troubled: (what: string) => void;
  },
): Promise<SchemaIds> {
  const { ask } = openRegistry(url, ports.http, ports.env);
  const onWire = new Map<number, number>();
  const ofFile = new Map<number, number>();
  const failed = (error: unknown): void => ports.troubled(`the registry is away: ${error}`);
  const patience = { clock: systemClock, stop: new AbortController().signal, failed };
  const waiting = [...named()];
  const lookUp = async (): Promise<void> => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      const { subject, schema, fileId } = one;
      const answer = await patiently(() => ask("POST", pathOf(subject), { schema }), patience);
      if (answer === null) return;
      const what = `does not know the schema of ${subject} (troth topics apply --registry registers it)`;
      const id = idIn(answer, what);
      onWire.set(fileId, id);
      ofFile.set(id, fileId);
    }
  };
  await Promise.all(Array.from({ length: asksAtOnce }, lookUp));
  return {
    onWire: (fileId) => onWire.get(fileId) ?? fileId,
    // What was written before there was a registry has the ids of the files.
    ofFile: (wireId) => ofFile.get(wireId) ?? wireId,
  };
}
