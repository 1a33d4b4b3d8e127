import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const path = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Null when there is a browser to drive, else why tests that need one are skipped. */
export const noChromium: string | null = existsSync(path)
  ? null
  : `no Chromium at ${path} (apt-get install chromium, or set CHROMIUM)`;

/** A real browser that talks to nobody but the pages it is sent to. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: path,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--disable-quic",
    ],
  });
