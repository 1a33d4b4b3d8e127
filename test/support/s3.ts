import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "./kafka-jars.ts";
import { freePort, startTied } from "./tied.ts";

const version = "v1.8.0";
const binary = join(cacheDir, `versitygw-${version}`, "versitygw");

function hasGo(): boolean {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Null when an S3 server can be started, else why tests that need one are skipped. */
export const noS3: string | null =
  existsSync(binary) || hasGo()
    ? null
    : `no versitygw at ${binary} and no go to build it (apt-get install golang)`;

export type TestS3 = {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  /** A folder below is a bucket, a file in it an object. */
  readonly root: string;
  /** kill -9, SIGSTOP and SIGCONT, and starting again on the same port and files. */
  readonly kill: () => Promise<void>;
  readonly freeze: () => Promise<void>;
  readonly thaw: () => void;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The program, built once by Go (one to four minutes) and kept. */
export async function s3Program(): Promise<string> {
  if (existsSync(binary)) return binary;
  const dir = join(binary, "..");
  mkdirSync(dir, { recursive: true });
  await promisify(execFile)(
    "go",
    ["install", `github.com/versity/versitygw/cmd/versitygw@${version}`],
    { env: { ...process.env, GOBIN: dir }, timeout: 600_000 },
  );
  return binary;
}

async function answers(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await fetch(endpoint);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`no S3 server at ${endpoint}`);
}

/**
 * A real S3 server (versitygw) over a folder. `obeysConditions: false` starts it in the way in which it
 * ignores `If-None-Match` and overwrites: the bad server to be recognised.
 */
export async function startS3(
  options: { readonly buckets?: readonly string[]; readonly obeysConditions?: boolean } = {},
): Promise<TestS3> {
  const program = await s3Program();
  const dir = mkdtempSync(join(tmpdir(), "troth-s3-"));
  const root = join(dir, "root");
  const sidecar = join(dir, "meta");
  for (const folder of [root, sidecar]) mkdirSync(folder);
  for (const bucket of options.buckets ?? []) mkdirSync(join(root, bucket));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const [accessKey, secretKey] = ["troth-test", "troth-test-secret"];
  const keeping = options.obeysConditions === false ? ["--nometa"] : ["--sidecar", sidecar];
  const command = [program, "--port", `127.0.0.1:${port}`, "posix", ...keeping, root];
  const env = { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey };
  const launch = () => startTied(command, { log: join(dir, "s3.log"), env });
  let running = await launch();
  await answers(endpoint);
  return {
    endpoint,
    accessKey,
    secretKey,
    region: "us-east-1",
    root,
    kill: () => running.close(),
    freeze: () => running.freeze(),
    thaw: () => running.signal("SIGCONT"),
    start: async () => {
      running = await launch();
      await answers(endpoint);
    },
    close: async () => {
      await running.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
