import { type Filed, isoTime, kinds, referencesOf, verdicts } from "@troth/events";
import type { LakeChunk, Said } from "@troth/lake";

/*
 * Object-centric event log, OCEL 2.0 (JSON). Objects are customers, whatever else events name (orders,
 * phones, devices …), promises and alerts; events are the facts, and what was decided about promises and
 * alerts, at the moment it became true.
 */
type Attribute = { readonly name: string; readonly value: string | number };
type Relationship = { readonly objectId: string; readonly qualifier: string };

type OcelEvent = {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly attributes: readonly Attribute[];
  readonly relationships: readonly Relationship[];
};

type OcelObject = {
  readonly id: string;
  readonly type: string;
  readonly attributes: readonly (Attribute & { readonly time: string })[];
  relationships: readonly Relationship[];
};

const alertStates = ["opened", "acknowledged", "amended", "recovered", "withdrawn"] as const;

/** Attributes an event of each type may have, all as text but the counts. */
const factAttributes = [
  { name: "source", type: "string" },
  { name: "recordedtime", type: "time" },
];
const promiseAttributes = [
  { name: "link", type: "string" },
  { name: "owner", type: "string" },
  { name: "severity", type: "integer" },
];
const alertAttributes = [
  { name: "level", type: "string" },
  { name: "score", type: "integer" },
  { name: "says", type: "string" },
];

const eventTypes = [
  ...kinds.map((name) => ({ name, attributes: factAttributes })),
  ...verdicts.map((verdict) => ({ name: `promise ${verdict}`, attributes: promiseAttributes })),
  ...alertStates.map((state) => ({ name: `alert ${state}`, attributes: alertAttributes })),
];

const schemeOf = (reference: string): string => reference.slice(0, reference.indexOf(":"));
const beginning = isoTime(0);

type Members = Readonly<Record<string, unknown>>;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const countOf = (value: unknown): number => (typeof value === "number" ? value : 0);

/** Gathers the objects of a lake while it hands out its events, chunk by chunk. */
export class Ocel {
  readonly #objects = new Map<string, OcelObject>();

  /** The events of a chunk, facts before what was said of them. */
  *events({ facts, said }: LakeChunk): Generator<OcelEvent> {
    let next = 0;
    for (const record of facts) {
      const event = this.#fact(record);
      if (event !== null) yield event;
      for (let one = said[next]; one?.inOffset === record.offset; one = said[next]) {
        next += 1;
        const decided = this.#decision(one);
        if (decided !== null) yield decided;
      }
    }
  }

  /** What the events spoke of, in order of first mention; complete once all events are read. */
  objects(): Iterable<OcelObject> {
    return this.#objects.values();
  }

  types(): { readonly eventTypes: readonly unknown[]; readonly objectTypes: readonly unknown[] } {
    const names = new Set([...this.#objects.values()].map(({ type }) => type));
    const objectTypes = [...names].sort().map((name) => ({
      name,
      attributes:
        name === "promise"
          ? [
              { name: "template", type: "string" },
              { name: "how", type: "string" },
            ]
          : [],
    }));
    return { eventTypes, objectTypes };
  }

  #object(id: string, type: string, attributes: readonly Attribute[] = []): string {
    if (!this.#objects.has(id)) {
      const timed = attributes.map((attribute) => ({ ...attribute, time: beginning }));
      this.#objects.set(id, { id, type, attributes: timed, relationships: [] });
    }
    return id;
  }

  #relate(from: string, to: string, qualifier: string): void {
    const object = this.#objects.get(from);
    if (object === undefined || object.relationships.some(({ objectId }) => objectId === to))
      return;
    object.relationships = [...object.relationships, { objectId: to, qualifier }];
  }

  #fact({ offset, fact }: Filed): OcelEvent | null {
    if (fact === null) return null;
    const references = referencesOf(fact).map((one) => this.#object(one, schemeOf(one)));
    // What names nobody is about the feed it came by: tools drop events without an object.
    if (references.length === 0) references.push(this.#object(`feed:${fact.source}`, "feed"));
    const customer = references.find((one) => one.startsWith("customer:"));
    for (const one of references) {
      if (customer !== undefined && one !== customer) this.#relate(one, customer, "of");
    }
    return {
      id: `fact ${offset}`,
      type: fact.kind,
      time: isoTime(fact.time),
      attributes: [
        { name: "source", value: fact.source },
        { name: "recordedtime", value: isoTime(fact.recordedTime) },
      ],
      relationships: references.map((objectId) => ({ objectId, qualifier: schemeOf(objectId) })),
    };
  }

  #decision({ inOffset, seq, decision }: Said): OcelEvent | null {
    const read: Members = JSON.parse(decision);
    if (read["kind"] !== "pledge" && read["kind"] !== "alert") return null;
    const customer = this.#object(textOf(read["customer"]), "customer");
    const about = read["kind"] === "pledge" ? this.#promise(read, customer) : this.#alert(read);
    this.#relate(about.id, customer, "to");
    return {
      id: `decision ${inOffset}.${seq}`,
      type: about.type,
      time: textOf(read["at"]),
      attributes: about.attributes,
      relationships: [
        { objectId: about.id, qualifier: textOf(read["kind"]) },
        { objectId: customer, qualifier: "customer" },
      ],
    };
  }

  #promise(read: Members, customer: string) {
    const id = `${textOf(read["promiseId"])}#${countOf(read["term"])} to ${customer}`;
    this.#object(id, "promise", [
      { name: "template", value: textOf(read["template"]) },
      { name: "how", value: textOf(read["how"]) },
    ]);
    const attributes = [
      { name: "link", value: textOf(read["link"]) },
      { name: "owner", value: textOf(read["owner"]) },
      { name: "severity", value: countOf(read["severity"]) },
    ];
    return { id, type: `promise ${textOf(read["verdict"])}`, attributes };
  }

  #alert(read: Members) {
    const id = this.#object(`alert ${textOf(read["alertId"])}`, "alert");
    const attributes = [
      { name: "level", value: textOf(read["level"]) },
      { name: "score", value: countOf(read["score"]) },
      { name: "says", value: textOf(read["says"]) },
    ];
    return { id, type: `alert ${textOf(read["state"])}`, attributes };
  }
}

/** The log as pieces of one JSON document. */
export async function* ocelOf(chunks: AsyncIterable<LakeChunk>): AsyncGenerator<string> {
  const ocel = new Ocel();
  let separator = "";
  yield '{"events":[';
  for await (const chunk of chunks) {
    const pieces: string[] = [];
    for (const event of ocel.events(chunk)) {
      pieces.push(`${separator}${JSON.stringify(event)}`);
      separator = ",\n";
    }
    yield pieces.join("");
  }
  yield '],\n"objects":[';
  separator = "";
  for (const object of ocel.objects()) {
    yield `${separator}${JSON.stringify(object)}`;
    separator = ",\n";
  }
  const { eventTypes: events, objectTypes } = ocel.types();
  yield `],\n"eventTypes":${JSON.stringify(events)},\n"objectTypes":${JSON.stringify(objectTypes)}}\n`;
}
