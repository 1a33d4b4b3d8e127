import { type Closing, openLake } from "@troth/lake";
import type { ObjectStore } from "@troth/runtime";
import type { JudgedDay } from "./judged-day.ts";

const genesis = "7a1e0001-0000-4000-8000-0000000000da";

/** Writes the lake of a judged day: each fact, then what was said of it. */
export async function writeLakeOf(
  { facts, outputs }: JudgedDay,
  store: ObjectStore,
  closing: Partial<Closing>,
): Promise<void> {
  const lake = await openLake({ store, genesis, begin: "anew", closing });
  let next = 0;
  for (const record of facts) {
    lake.file(record);
    for (; outputs[next]?.inOffset === record.offset; next += 1) {
      const output = outputs[next];
      if (output !== undefined) lake.fold(output);
    }
    await lake.drained();
  }
  await lake.finish();
}
