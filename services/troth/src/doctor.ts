import { access, constants, readdir, readFile, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { freemem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { checkPolicy } from "@troth/policy";
import { errnoOf } from "@troth/runtime";
import type { Command } from "commander";
import { readMeta } from "./embedded/meta.ts";
import { exitCodes } from "./exit.ts";
import { defaultPolicyPath, readPolicyText } from "./policy-file.ts";

/** One thing looked at: well, worth knowing, or in the way. */
type Finding = {
  readonly check: string;
  readonly state: "ok" | "warning" | "error";
  readonly found: string;
  readonly remedy: string | null;
};

const ok = (check: string, found: string): Finding => ({ check, state: "ok", found, remedy: null });

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const found = `Node ${process.versions.node}`;
  if (major > 20 || (major === 20 && minor >= 19)) return ok("node", found);
  return { check: "node", state: "error", found, remedy: "install Node 20.19 or later" };
}

function checkZones(): Finding {
  const winter = new Intl.DateTimeFormat("en", {
    timeZone: "America/Sao_Paulo",
    hour: "numeric",
    hourCycle: "h23",
  }).format(Date.UTC(2018, 0, 1, 12));
  if (winter === "10") return ok("time zones", "the zone data knows past summer times");
  return {
    check: "time zones",
    state: "error",
    found: `12:00 UTC on 1 January 2018 was not 10:00 in São Paulo but ${winter}:00`,
    remedy: "use a Node with full ICU data: verdicts on calendar deadlines would differ",
  };
}

async function checkData(dir: string): Promise<Finding[]> {
  const meta = await readMeta(dir);
  const holder = meta === null ? dirname(resolve(dir)) : dir;
  const findings: Finding[] = [];
  try {
    await access(holder, constants.W_OK);
    const what = meta === null ? "will be made by start" : `begun under policy ${meta.policy}`;
    findings.push(ok("data folder", `${dir}: ${what}`));
  } catch (error) {
    findings.push({
      check: "data folder",
      state: "error",
      found: `${holder} cannot be written (${errnoOf(error) ?? "unknown"})`,
      remedy: "give --data a folder this user can write",
    });
    return findings;
  }
  const { bavail, bsize } = await statfs(holder);
  const free = Math.round((bavail * bsize) / 2 ** 30);
  findings.push(
    free >= 2
      ? ok("disk", `${free} GiB free`)
      : {
          check: "disk",
          state: "warning",
          found: `${free} GiB free`,
          remedy: "the intake answers 503 when the disk is full: make room",
        },
  );
  return findings;
}

function checkPort(name: string, port: number): Promise<Finding> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error) =>
      done({
        check: `port ${port}`,
        state: errnoOf(error) === "EADDRINUSE" ? "warning" : "error",
        found: `${name} cannot listen: ${errnoOf(error) ?? String(error)}`,
        remedy: "another troth may be running; stop it or give start another --port",
      }),
    );
    server.listen(port, "127.0.0.1", () =>
      server.close(() => done(ok(`port ${port}`, `free for the ${name}`))),
    );
  });
}

async function checkPolicyFile(path: string): Promise<Finding> {
  const checked = checkPolicy(await readPolicyText(path), path);
  if (checked.ok) return ok("policy", path);
  const found = `${checked.errors.length} errors in ${path}`;
  return { check: "policy", state: "error", found, remedy: `troth policy check ${path}` };
}

type DoctorOptions = {
  readonly data: string;
  readonly policy: string;
  readonly port: string;
  readonly prometheus?: string;
  readonly grafana?: string;
};

type Asked = { readonly found: boolean; readonly what: string };

/** Whether Prometheus itself alerts: it has rules of ours and an Alertmanager to tell. */
async function asksPrometheus(url: string): Promise<Asked> {
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${url.replace(/\/$/, "")}${path}`, {
      signal: AbortSignal.timeout(5_000),
    });
    return JSON.parse(await answer.text());
  };
  const rules = JSON.stringify(await ask("/api/v1/rules?type=alert"));
  const managers = JSON.stringify(await ask("/api/v1/alertmanagers"));
  const has = /"name":"Troth[A-Z]/.test(rules);
  const tells = /"activeAlertmanagers":\[\{/.test(managers);
  if (has && tells) return { found: true, what: `${url} alerts by itself` };
  return {
    found: false,
    what: `${url} ${has ? "has the alerts and tells nobody" : "has none of the alerts"}`,
  };
}

/** Whether Grafana is provisioned with alert rules of ours, by the folder it reads. */
async function asksGrafana(dir: string): Promise<Asked> {
  const files = await readdir(join(dir, "alerting")).catch(() => []);
  for (const file of files) {
    const text = await readFile(join(dir, "alerting", file), "utf8");
    if (/title: Troth[A-Z]/.test(text)) return { found: true, what: `${dir} alerts by Grafana` };
  }
  return { found: false, what: `${dir} has none of the alerts` };
}

/** One thing that is wrong should page once: either Grafana alerts, or Prometheus and Alertmanager do. */
async function checkPaging(prometheus?: string, grafana?: string): Promise<Finding[]> {
  const asked: Asked[] = [];
  try {
    if (prometheus !== undefined) asked.push(await asksPrometheus(prometheus));
    if (grafana !== undefined) asked.push(await asksGrafana(grafana));
  } catch (error) {
    const found = `${prometheus} does not answer: ${error instanceof Error ? error.message : error}`;
    return [{ check: "paging", state: "warning", found, remedy: "is --prometheus its address?" }];
  }
  if (asked.length === 0) return [];
  const found = asked.map(({ what }) => what).join("; ");
  const paths = asked.filter((one) => one.found).length;
  if (paths === 1) return [ok("paging", found)];
  const remedy =
    paths === 2
      ? "everything pages twice: take alerts.rules.yaml out of Prometheus, or Grafana's rules.yaml away"
      : "nobody is paged: provision infra/grafana, or load infra/prometheus/alerts.rules.yaml";
  // With one of the two looked at only, the other may do it.
  const state = paths === 2 || asked.length === 2 ? "warning" : "ok";
  return [{ check: "paging", state, found, remedy: state === "ok" ? null : remedy }];
}

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "Look at what start needs: Node, zones, disk, ports, policy, data. Exit 1 if in the way.",
    )
    .option("--data <dir>", "the data folder of start", ".troth")
    .option("--policy <file>", "the policy of start", defaultPolicyPath)
    .option("--port <n>", "the desk's port", "8780")
    .option("--prometheus <url>", "look whether it pages by itself, too")
    .option("--grafana <dir>", "Grafana's provisioning folder: look whether it pages as well")
    .action(async (options: DoctorOptions) => {
      const port = Number(options.port);
      const memory = Math.round(freemem() / 2 ** 20);
      const findings = [
        checkNode(),
        checkZones(),
        ok("memory", `${memory} MiB free`),
        await checkPolicyFile(options.policy),
        ...(await checkData(options.data)),
        await checkPort("desk", port),
        await checkPort("intake", port + 1),
        await checkPort("metrics", port + 2),
        ...(await checkPaging(options.prometheus, options.grafana)),
      ];
      for (const { check, state, found, remedy } of findings) {
        const help = remedy === null ? "" : `\n         ${remedy}`;
        process.stdout.write(`${state.padEnd(8)} ${check}: ${found}${help}\n`);
      }
      const wrong = findings.some((one) => one.state === "error");
      process.exitCode = wrong ? exitCodes.found : exitCodes.ok;
    });
}
