import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { textOf } from "./source.ts";
import { freePort, startTied, untilReady } from "./tied.ts";

/** Null when Alertmanager can be started, else why tests that need it are skipped. */
export const noAlertmanager: string | null = (() => {
  try {
    execFileSync("prometheus-alertmanager", ["--version"], { stdio: "ignore" });
    return null;
  } catch {
    return "no prometheus-alertmanager (apt-get install prometheus-alertmanager)";
  }
})();

export type Received = {
  readonly receiver: string;
  readonly status: "firing" | "resolved";
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: "firing" | "resolved";
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
};

export type Held = {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: {
    readonly state: string;
    readonly inhibitedBy: readonly string[];
    readonly silencedBy: readonly string[];
  };
};

export type TestAlertmanager = {
  readonly url: string;
  /** What its receivers were sent, in order. */
  readonly received: readonly Received[];
  readonly alerts: () => Promise<readonly Held[]>;
  readonly silence: (
    matchers: Readonly<Record<string, string>>,
    who: string,
    why: string,
  ) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** A real Alertmanager with the shipped configuration, its waits cut to a second or two. */
export async function startAlertmanager(): Promise<TestAlertmanager> {
  const dir = mkdtempSync(join(tmpdir(), "troth-alertmanager-"));
  const received: Received[] = [];
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      received.push(JSON.parse(body));
      response.end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  const hook = typeof address === "object" && address !== null ? address.port : 0;
  const config = parse(textOf("infra/alertmanager/alertmanager.yaml"));
  for (const one of config.receivers)
    one.webhook_configs = [{ url: `http://127.0.0.1:${hook}/${one.name}`, send_resolved: true }];
  config.route.group_wait = "1s";
  config.route.group_interval = "2s";
  writeFileSync(join(dir, "alertmanager.yaml"), JSON.stringify(config));
  const port = await freePort();
  const running = await startTied(
    [
      "prometheus-alertmanager",
      `--config.file=${join(dir, "alertmanager.yaml")}`,
      `--storage.path=${join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
    ],
    { log: join(dir, "alertmanager.log") },
  );
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    await running.close();
    receiver.closeAllConnections();
    receiver.close();
    rmSync(dir, { recursive: true, force: true });
  };
  await untilReady(`${url}/-/ready`, "Alertmanager", close);
  return {
    url,
    received,
    alerts: async () => JSON.parse(await (await fetch(`${url}/api/v2/alerts`)).text()),
    silence: async (matchers, who, why) => {
      const now = Date.now();
      const answer = await fetch(`${url}/api/v2/silences`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          matchers: Object.entries(matchers).map(([name, value]) => ({
            ...{ name, value, isRegex: false, isEqual: true },
          })),
          startsAt: new Date(now).toISOString(),
          endsAt: new Date(now + 3_600_000).toISOString(),
          createdBy: who,
          comment: why,
        }),
      });
      if (!answer.ok) throw new Error(`no silence: ${await answer.text()}`);
    },
    close,
  };
}
