import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDir, noKafka } from "./kafka-jars.ts";
import { freePort, startTied } from "./tied.ts";

/** The last that runs on Java 17. */
const version = "2.6.13.Final";
const dir = join(cacheDir, `apicurio-${version}`);

/** Null when a registry can be started, else why tests that need one are skipped. */
export const noRegistry: string | null = noKafka;

export type TestRegistry = {
  /** Confluent's interface. */
  readonly url: string;
  readonly close: () => Promise<void>;
};

const run = promisify(execFile);

/** Apicurio as Maven has it, unpacked the first time: 100 MB. */
async function program(): Promise<string> {
  if (!existsSync(dir)) {
    mkdirSync(cacheDir, { recursive: true });
    const partial = mkdtempSync(join(cacheDir, "partial-"));
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get";
    const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
    const args = ["-q", "-B", goal, `-Dartifact=${artifact}`, "-Dtransitive=false"];
    await run("mvn", args, { timeout: 300_000 });
    const path = ["repository", "io", "apicurio", "apicurio-registry-app", version];
    const packed = join(homedir(), ".m2", ...path, `apicurio-registry-app-${version}-all.tar.gz`);
    await run("tar", ["xzf", packed, "-C", partial]);
    try {
      renameSync(partial, dir);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      if (!existsSync(dir)) throw error;
    }
  }
  const jar = readdirSync(dir).find((name) => name.endsWith("-runner.jar"));
  if (jar === undefined) throw new Error(`no registry in ${dir}`);
  return join(dir, jar);
}

/** A real registry that speaks as Confluent's does; it keeps everything in memory. */
export async function startRegistry(): Promise<TestRegistry> {
  const jar = await program();
  const logs = mkdtempSync(join(tmpdir(), "troth-registry-"));
  const port = await freePort();
  const where = [`-Dquarkus.http.port=${port}`, "-Dquarkus.http.host=127.0.0.1"];
  const command = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", ...where, "-jar", jar];
  const running = await startTied(command, { log: join(logs, "registry.log"), cwd: dir });
  const close = async (): Promise<void> => {
    await running.close();
    rmSync(logs, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const until = Date.now() + 120_000;
  for (;;) {
    const isUp = await fetch(`${url}/subjects`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { url, close };
    if (Date.now() > until) {
      await close();
      throw new Error("the registry is not up within two minutes");
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
