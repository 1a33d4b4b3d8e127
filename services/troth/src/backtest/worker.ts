import { openLakeToRead } from "../lake-place.ts";
import { readPolicy } from "../policy-file.ts";
import { type Beside, type JudgedBeside, judgeFacts } from "./beside.ts";

async function judge({ place, policy }: Beside): Promise<JudgedBeside> {
  const candidate = await readPolicy(policy);
  return judgeFacts(await openLakeToRead(place), candidate);
}

/** The process of a back-test that judges under the candidate: is told what, tells, and ends. */
process.once("message", (beside: Beside) => {
  judge(beside).then(
    (judged) => process.send?.(judged, () => process.disconnect()),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
