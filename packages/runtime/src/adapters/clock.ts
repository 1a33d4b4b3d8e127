import type { Clock } from "../ports.ts";

/** Node clamps a longer timeout to 1 ms, so longer ones are made of several. */
const timeoutMsMax = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => Math.floor(performance.now()),
  setTimer: (afterMs, fire) => {
    let handle: NodeJS.Timeout | null = null;
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(Math.max(leftMs, 0), timeoutMsMax);
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : fire()), stepMs);
      handle.unref();
    };
    arm(afterMs);
    return {
      cancel: () => {
        if (handle !== null) clearTimeout(handle);
      },
    };
  },
};
