import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";

/**
 * Files of one run, written beside their final names and moved there only when all are complete, so
 * that a run that was stopped never looks like one that was finished.
 */
export class Outputs {
  readonly #dir: string;
  readonly #files = new Map<string, LineFile>();

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    this.#dir = dir;
  }

  /** A file of lines; each name is opened once. */
  file(name: string): LineFile {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const file = new LineFile(join(this.#dir, `${name}.partial`));
    this.#files.set(name, file);
    return file;
  }

  async drained(): Promise<void> {
    for (const file of this.#files.values()) await file.drained();
  }

  /** Completes every file and gives it its name. */
  async finish(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
    for (const name of this.#files.keys()) {
      await rename(join(this.#dir, `${name}.partial`), join(this.#dir, name));
    }
  }
}

const flushAtChars = 1 << 18;

export class LineFile {
  readonly #stream;
  #pending: string[] = [];
  #chars = 0;
  #full = false;
  #failure: Error | null = null;

  constructor(path: string) {
    this.#stream = createWriteStream(path);
    this.#stream.on("error", (error) => {
      this.#failure = error;
    });
  }

  line(text: string): void {
    this.#pending.push(text);
    this.#chars += text.length + 1;
    if (this.#chars >= flushAtChars) this.#flush();
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#full = !this.#stream.write(`${this.#pending.join("\n")}\n`);
    this.#pending = [];
    this.#chars = 0;
  }

  async drained(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#full && this.#stream.writableNeedDrain) await once(this.#stream, "drain");
    this.#full = false;
  }

  async close(): Promise<void> {
    this.#flush();
    this.#stream.end();
    await finished(this.#stream);
  }
}
