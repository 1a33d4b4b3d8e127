import { type Heard, runShare, type Share } from "./workers.ts";

/** One worker of `troth sim`: gets its share, tells of every seed, and ends. */
process.once("message", (share: Share) => {
  const tell = (heard: Heard): void => void process.send?.(heard);
  runShare(share, tell).then(
    () => process.disconnect(),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
