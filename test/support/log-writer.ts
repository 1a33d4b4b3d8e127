import { openFileLog } from "../../packages/log/src/index.ts";
import { systemDisk } from "../../packages/runtime/src/index.ts";

/**
 * Appends to the log in the folder given until it is killed, several appends at a time, and says
 * `first last text` on a line for each one acknowledged. The parent's ledger is made of these
 * lines: a line can be lost with the process, an acknowledgement on it cannot be taken back.
 */
const [dir = "", life = "0", genesis = ""] = process.argv.slice(2);
const log = await openFileLog(dir, systemDisk, { newGenesis: genesis, segmentBytes: 256 * 1024 });
process.stdout.write(`ready ${await log.end()} ${log.recovery.tornBytes}\n`);

async function appendForever(writer: number): Promise<void> {
  for (let n = 0; ; n++) {
    const count = 1 + (n % 3);
    const texts = Array.from({ length: count }, (_, part) =>
      `${life}.${writer}.${n}.${part}`.padEnd((n * 37 + writer * 211) % 3_000, "."),
    );
    const records = texts.map((text) => ({ bytes: Buffer.from(text) }));
    const { first } = await log.append(records, n);
    const said = texts.map((text, part) => `${first + part} ${text.replace(/\.+$/, "")}`);
    process.stdout.write(`${said.join("\n")}\n`);
  }
}

await Promise.all(Array.from({ length: 4 }, (_, writer) => appendForever(writer)));
