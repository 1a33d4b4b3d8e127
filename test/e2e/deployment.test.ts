import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readTopicTable } from "@troth/troth";
import { afterAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import {
  composeFault,
  kubernetesFault,
  noCompose,
  noKubernetes,
} from "../support/manifest-checkers.ts";
import { root } from "../support/source.ts";

type Compose = {
  readonly services: Readonly<
    Record<string, { readonly command?: readonly string[]; readonly ports?: readonly string[] }>
  >;
};
type Container = {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly {
    readonly valueFrom: { readonly secretKeyRef: { readonly key: string } };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
};
type Labels = Readonly<Record<string, string>>;
type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector?: Labels;
    readonly ports?: readonly { readonly port: number; readonly targetPort: string }[];
    readonly template?: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: { readonly containers: readonly Container[] };
    };
  };
};

const infra = `${root}infra`;
const compose: Compose = parse(readFileSync(`${infra}/compose.yaml`, "utf8"), { merge: true });
const files = readdirSync(`${infra}/k8s`).filter((file) => file !== "kustomization.yaml");
const manifests: readonly Manifest[] = files.flatMap((file) =>
  parseAllDocuments(readFileSync(`${infra}/k8s/${file}`, "utf8")).map((one) => one.toJS()),
);
const containers = manifests.flatMap((one) => one.spec?.template?.spec.containers ?? []);
const table = await readTopicTable();
/** What the service is called on Kafka, where it differs. */
const roleOf = (service: string): string => (service === "identity" ? "registrar" : service);

const helps = new Map<string, Promise<string>>();
/** The words a command takes, from its own help. */
function helpOf(words: readonly string[]): Promise<string> {
  const command = words.slice(0, words[0] === "topics" ? 2 : 1);
  const key = command.join(" ");
  const known = helps.get(key);
  if (known !== undefined) return known;
  const node = ["--conditions=@troth/source", "--import", "tsx", "services/troth/src/main.ts"];
  const asked = promisify(execFile)("node", [...node, ...command, "--help"], { cwd: root }).then(
    ({ stdout }) => stdout,
  );
  helps.set(key, asked);
  return asked;
}

/** Words of a command line that no such command takes. */
async function unknownIn(words: readonly string[]): Promise<readonly string[]> {
  const help = await helpOf(words);
  const flags = words.filter((word) => word.startsWith("--"));
  const service = words[0] === "run" ? [words[1] ?? ""] : [];
  return [
    ...flags.filter((flag) => !new RegExp(`${flag}[ ,\\n]`).test(help)),
    ...service.filter((one) => !help.includes(one)),
  ];
}

const valueAfter = (words: readonly string[], flag: string): string | undefined =>
  words[words.indexOf(flag) + 1];

describe("what is deployed", () => {
  const dir = mkdtempSync(join(tmpdir(), "troth-deploy-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test("every command of the compose file and the manifests is one that troth has", async () => {
    const commands = [
      ...Object.values(compose.services).flatMap(({ command }) => (command ? [command] : [])),
      ...containers.map(({ args }) => args),
    ];
    expect(commands).toHaveLength(14);
    for (const command of commands)
      expect([command, await unknownIn(command)]).toEqual([command, []]);
    expect(await unknownIn(["run", "monitor", "--partitoins", "4"])).toEqual(["--partitoins"]);
  });

  test("on one machine nothing is reached from another", () => {
    const published = Object.values(compose.services).flatMap(({ ports }) => ports ?? []);
    expect(published.length).toBeGreaterThan(2);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test("every service there is runs in both, each as the Kafka user that may do its work", () => {
    const services = ["intake", "identity", "monitor", "desk", "notify", "lake"];
    expect(services.map(roleOf).sort()).toEqual(Object.keys(table.roles).sort());
    for (const service of services) {
      expect(compose.services[service]?.command?.slice(0, 2)).toEqual(["run", service]);
      const container = containers.find(({ name }) => name === service);
      const user = `troth-${roleOf(service)}`;
      expect(valueAfter(container?.args ?? [], "--sasl-user")).toBe(user);
      expect(container?.env[0]?.valueFrom.secretKeyRef.key).toBe(user);
      expect(container?.args).not.toContain("--dev");
    }
  });

  test("ports, labels and what arguments refer to fit together", () => {
    const settings = manifests.find(({ kind }) => kind === "ConfigMap")?.data ?? {};
    for (const { args } of containers)
      for (const [, name] of args.join(" ").matchAll(/\$\((\w+)\)/g))
        expect(settings).toHaveProperty(name ?? "");
    const pods = manifests.flatMap(({ spec }) => (spec?.template ? [spec.template] : []));
    const services = manifests.filter(({ kind }) => kind === "Service");
    expect(services).toHaveLength(6);
    for (const { spec } of services) {
      const meant = pods.filter(({ metadata }) =>
        Object.entries(spec?.selector ?? {}).every(
          ([name, value]) => metadata.labels[name] === value,
        ),
      );
      expect(meant).toHaveLength(1);
      const [container] = meant[0]?.spec.containers ?? [];
      const named = new Map(container?.ports?.map((one) => [one.name, one.containerPort]));
      for (const { port, targetPort } of spec?.ports ?? [])
        expect(named.get(targetPort)).toBe(port);
      expect(valueAfter(container?.args ?? [], "--port")).toBe(String(named.get("health")));
    }
    const listed: { resources: string[] } = parse(
      readFileSync(`${infra}/k8s/kustomization.yaml`, "utf8"),
    );
    expect([...listed.resources].sort()).toEqual([...files].sort());
  });

  test("the image runs what the build writes, by the package manager the house uses", () => {
    const dockerfile = readFileSync(`${infra}/Dockerfile`, "utf8");
    const entry = /ENTRYPOINT \["node", "([^"]+)"\]/.exec(dockerfile)?.[1] ?? "";
    expect(
      readFileSync(root + entry.replace("/dist/", "/src/").replace(/\.js$/, ".ts"), "utf8"),
    ).toContain(".addTopics");
    const versions = [...dockerfile.matchAll(/pnpm@([\d.]+)/g)].map(([, version]) => version);
    expect(versions.length).toBeGreaterThan(1);
    const used = /pnpm@([\d.]+)/.exec(readFileSync(`${root}.ci/run`, "utf8"))?.[1];
    for (const version of versions) expect(version).toBe(used);
  });

  test.skipIf(noCompose !== null)(
    noCompose === null ? "compose itself takes the file" : `compose: ${noCompose}`,
    async () => {
      expect(await composeFault(`${infra}/compose.yaml`)).toBeNull();
      const text = readFileSync(`${infra}/compose.yaml`, "utf8");
      writeFileSync(join(dir, "compose.yaml"), text.replace("healthcheck:", "heathcheck:"));
      expect(await composeFault(join(dir, "compose.yaml"))).toContain("heathcheck");
    },
    300_000,
  );

  test.skipIf(noKubernetes !== null)(
    noKubernetes === null ? "the manifests fit the schemas of Kubernetes" : `k8s: ${noKubernetes}`,
    async () => {
      expect(await kubernetesFault(files.map((file) => `${infra}/k8s/${file}`))).toBeNull();
      const text = readFileSync(`${infra}/k8s/monitor.yaml`, "utf8");
      writeFileSync(join(dir, "bad.yaml"), text.replace("replicas: 3", "replicas: three"));
      expect(await kubernetesFault([join(dir, "bad.yaml")])).toContain("three");
      writeFileSync(join(dir, "bad.yaml"), text.replace("mountPath:", "mountpath:"));
      expect(await kubernetesFault([join(dir, "bad.yaml")])).toContain("mountPath");
    },
    300_000,
  );
});
