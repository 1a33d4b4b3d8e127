import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** The newest, and the last of the line before, which many still run. */
export const kafkaVersions = ["4.3.1", "3.9.1"] as const;
export type KafkaVersion = (typeof kafkaVersions)[number];

/** Kept between runs: programs that tests start and that take long to fetch or to build. */
export const cacheDir =
  process.env["TROTH_TEST_CACHE"] ?? join(homedir(), ".cache", "troth", "test-programs");

const has = (program: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

const dirOf = (version: KafkaVersion): string => join(cacheDir, `kafka-${version}`);

/** Null when a broker can be started, else why tests that need one are skipped. */
export const noKafka: string | null = (() => {
  if (!has("java", "-version")) return "no java (apt-get install default-jre-headless)";
  if (existsSync(dirOf("4.3.1")) || has("mvn", "-version")) return null;
  return `no mvn (apt-get install maven), and no jars in ${dirOf("4.3.1")}`;
})();

/** The folder of the broker's jars, fetched by Maven the first time (6 to 12 s). */
export async function kafkaJars(version: KafkaVersion): Promise<string> {
  const dir = dirOf(version);
  if (existsSync(dir)) return dir;
  mkdirSync(cacheDir, { recursive: true });
  // Renamed when whole: two test files may want them at once, and either copy is as good.
  const partial = mkdtempSync(join(cacheDir, "partial-"));
  const pom = join(import.meta.dirname, "kafka", "pom.xml");
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${partial}`];
  const args = ["-q", "-B", "-f", pom, `-Dkafka.version=${version}`, ...goal];
  await promisify(execFile)("mvn", args, { timeout: 300_000 });
  try {
    renameSync(partial, dir);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
  return dir;
}
