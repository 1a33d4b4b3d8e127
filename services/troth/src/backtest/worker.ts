import { type Beside, judgeHere } from "./beside.ts";

/** The process of a back-test that judges under the candidate: is told what, tells, and ends. */
process.once("message", (beside: Beside) => {
  judgeHere(beside).then(
    (judged) => process.send?.(judged, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
