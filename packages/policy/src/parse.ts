import { createHash } from "node:crypto";
import type { Kind } from "@troth/events";
import { canonicalJson, err, ok, type Result } from "@troth/events";
import type { z } from "zod";
import type { Context } from "./context.ts";
import { type PolicyDocument, readDocument } from "./document.ts";
import { type Entries, isMapping, type Mapping, mapEntries, readEntries } from "./entries.ts";
import { readShape } from "./issues.ts";
import { suggest } from "./nearest.ts";
import { compileAdvice, compileNoise } from "./noise.ts";
import { compilePledge } from "./pledge.ts";
import type { Limits, NoiseRule, Objective, PledgeTemplate, Policy, Readers } from "./policy.ts";
import { slotsOf } from "./policy.ts";
import type { Placed, PolicyError, Problem, Problems } from "./problem.ts";
import { collectProblems, shown } from "./problem.ts";
import { compileResolutions } from "./resolutions.ts";
import { compileCalendar, compileScore, compileSource, zoneNamed } from "./sections.ts";
import * as shapes from "./shape.ts";
import { resolutionsShape } from "./shape-resolutions.ts";

/** Which rules read each kind; slot numbers follow `slotsOf`. */
export function readersOf(
  pledges: readonly PledgeTemplate[],
  noises: readonly NoiseRule[],
): ReadonlyMap<Kind, Readers> {
  type Growing = {
    made: Readers["made"][number][];
    slots: Readers["slots"][number][];
    noises: NoiseRule[];
  };
  const readers = new Map<Kind, Growing>();
  const of = (kind: Kind): Growing => {
    const known = readers.get(kind);
    if (known !== undefined) return known;
    const fresh: Growing = { made: [], slots: [], noises: [] };
    readers.set(kind, fresh);
    return fresh;
  };
  for (const template of pledges) {
    for (const slot of template.made) {
      for (const kind of slot.kinds) of(kind).made.push({ template, slot });
    }
    slotsOf(template).forEach(({ role, slot }, number) => {
      for (const kind of slot.kinds) of(kind).slots.push({ template, slot, role, number });
    });
  }
  for (const noise of noises) for (const kind of noise.kinds) of(kind).noises.push(noise);
  return readers;
}

const present = <Item>(entries: ReadonlyMap<string, Item | null>): readonly Item[] =>
  [...entries.values()].filter((item): item is Item & {} => item !== null);

/** What is left of a section's entries once defaults are filled in: what the hash is taken of. */
const plainEntries = <Schema extends z.ZodType>(entries: Entries<Schema>) =>
  Object.fromEntries([...entries].map(([name, entry]) => [name, entry?.value ?? null]));

const sections = Object.keys(shapes.policyShape.shape);

function checkTop(top: Mapping, problems: Problems): void {
  for (const key of Object.keys(top)) {
    if (sections.includes(key)) continue;
    const expected = `one of: ${sections.join(", ")}`;
    const remedy = suggest(key, sections);
    problems.add({ path: [key], part: "key", found: `the key \`${key}\``, expected, remedy });
  }
  for (const key of ["policy", "links"]) {
    if (top[key] !== undefined) continue;
    const expected = key === "policy" ? "the policy's name" : "the links of the chain";
    problems.add({
      path: [key],
      part: "key",
      found: "nothing",
      expected,
      remedy: `add \`${key}:\``,
    });
  }
}

function checkIds(context: Context): void {
  for (const id of context.noiseIds) {
    if (!context.pledgeIds.includes(id)) continue;
    const expected = "a name no pledge has";
    const path = ["noises", id];
    context.problems.add({
      path,
      part: "key",
      found: `"${id}"`,
      expected,
      remedy: "rename one of them",
    });
  }
}

const limitsOf = ({ dedupe, ...counts }: shapes.LimitsText): Limits => ({
  ...counts,
  dedupeMs: dedupe,
});

/** Rules are in ascending order of their names, whatever their order in the file. */
function compile(top: Mapping, problems: Problems): Policy | null {
  checkTop(top, problems);
  const { policyShape, entryShapes } = shapes;
  const scalar = <Schema extends z.ZodType>(name: string, schema: Schema) =>
    top[name] === undefined && name !== "zone" && name !== "score" && name !== "limits"
      ? null
      : readShape(schema, top[name], [name], problems);
  const name = scalar("policy", policyShape.shape.policy);
  const zoneText = scalar("zone", policyShape.shape.zone);
  const zone = zoneNamed(zoneText?.value ?? "UTC", ["zone"], problems);
  const scoreText = scalar("score", policyShape.shape.score);
  const limits = scalar("limits", policyShape.shape.limits);
  const segments = scalar("segments", policyShape.shape.segments);
  const resolutions = scalar("resolutions", resolutionsShape);
  const score = scoreText?.value ?? shapes.scoreShape.parse({});
  const calendars = readEntries("calendars", entryShapes.calendars, top["calendars"], problems);
  const links = readEntries("links", entryShapes.links, top["links"], problems);
  const sources = readEntries("sources", entryShapes.sources, top["sources"], problems);
  const pledges = readEntries("pledges", entryShapes.pledges, top["pledges"], problems);
  const noises = readEntries("noises", entryShapes.noises, top["noises"], problems);
  const advice = readEntries("advice", entryShapes.advice, top["advice"], problems);
  const context: Context = {
    problems,
    zone,
    calendars: mapEntries(calendars, (id, text) => compileCalendar(id, text, problems)),
    links: mapEntries(links, (id, { objective: _, ...text }) => ({ id, ...text })),
    sources: mapEntries(sources, compileSource),
    pledgeIds: [...pledges.keys()],
    noiseIds: [...noises.keys()],
    whole: true,
  };
  checkIds(context);
  const rules = compileScore(score, problems);
  const templates = present(
    mapEntries(pledges, (id, text, _, whole) =>
      compilePledge(id, text, score, { ...context, whole }),
    ),
  );
  const noiseRules = present(
    mapEntries(noises, (id, text, _, whole) =>
      compileNoise(id, text, score, { ...context, whole }),
    ),
  );
  const advised = present(mapEntries(advice, (id, text) => compileAdvice(id, text, context)));
  const mending = resolutions === null ? null : compileResolutions(resolutions.value, context);
  const objectives = objectivesOf(links, context, templates);
  if (problems.list.length > 0 || name === null || limits === null) return null;
  const whole = {
    policy: name.value,
    zone: zone.id,
    score,
    limits: limits.value,
    calendars: plainEntries(calendars),
    links: judgingLinks(links),
    sources: plainEntries(sources),
    pledges: plainEntries(pledges),
    noises: plainEntries(noises),
    advice: plainEntries(advice),
  };
  return {
    name: name.value,
    hash: createHash("sha256").update(canonicalJson(whole)).digest("hex").slice(0, 16),
    links: inFileOrder(top["links"], context.links),
    sources: present(context.sources),
    pledges: templates,
    noises: noiseRules,
    score: rules,
    advice: advised,
    limits: limitsOf(limits.value),
    objectives: inFileOrder(top["links"], objectives),
    resolutions: mending,
    segments: segments?.value ?? [],
    readers: readersOf(templates, noiseRules),
  };
}

/** Links as the file lists them, which is how the chain is drawn; nothing is judged by it. */
const inFileOrder = <Item>(section: unknown, items: ReadonlyMap<string, Item | null>): Item[] =>
  isMapping(section)
    ? Object.keys(section)
        .map((id) => items.get(id) ?? null)
        .filter((item) => item !== null)
    : [];

type LinkEntries = ReadonlyMap<string, { readonly value: shapes.LinkText } | null>;

/** Links without their objectives: who is held to more or less is judged no differently. */
function judgingLinks(links: LinkEntries): Readonly<Record<string, unknown>> {
  const judging: Record<string, unknown> = {};
  for (const [id, entry] of links) {
    if (entry === null) continue;
    const { objective: _, ...rest } = entry.value;
    judging[id] = rest;
  }
  return judging;
}

/** An objective that no promise could miss or meet is refused: it would be green for ever. */
function objectivesOf(
  links: LinkEntries,
  { links: named, problems, pledgeIds }: Context,
  templates: readonly PledgeTemplate[],
): ReadonlyMap<string, Objective> {
  const objectives = new Map<string, Objective>();
  for (const [id, entry] of links) {
    const link = named.get(id) ?? null;
    const objective = entry?.value.objective;
    if (objective === undefined || link === null) continue;
    const isEmpty = templates.every((template) => template.link.id !== id);
    if (isEmpty && templates.length === pledgeIds.length) {
      problems.add({
        path: ["links", id, "objective"],
        part: "key",
        found: "an objective",
        expected: "a pledge charged to this link",
        remedy: "add a pledge with this link, or take the objective away",
      });
    }
    objectives.set(id, { link, target: objective.target, windowMs: objective.window });
  }
  return objectives;
}

const byPlace = (a: Placed, b: Placed): number =>
  a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** Problems with their lines, in order of lines; the same thing said twice of one place is said once. */
export function placed(document: PolicyDocument, problems: readonly Problem[]): readonly Placed[] {
  const seen = new Set<string>();
  const errors = [...document.errors, ...problems.map((problem) => document.locate(problem))];
  return errors.sort(byPlace).filter((error) => {
    const key = `${error.line}:${error.column}:${error.found}:${error.expected}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * A policy from YAML, or everything that is wrong with it, in the order of the lines. `file` is what
 * errors call it. Never throws; reads nothing but its arguments and the runtime's table of zones.
 */
export function parsePolicy(
  text: string,
  file = "policy.yaml",
): Result<Policy, readonly PolicyError[]> {
  const document = readDocument(text);
  const problems = collectProblems();
  const top = document.value;
  let policy: Policy | null = null;
  if (isMapping(top)) policy = compile(top, problems);
  else if (top !== undefined) {
    const remedy = "begin with `policy: <name>`";
    const found = top === null ? "an empty file" : shown(top);
    problems.add({ path: [], part: "value", found, expected: "a mapping", remedy });
  }
  const errors = placed(document, problems.list);
  if (policy !== null && errors.length === 0) return ok(policy);
  return err(errors.map((error) => ({ file, ...error })));
}
