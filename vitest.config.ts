import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: { resolve: { conditions: ["@troth/source"], externalConditions: ["@troth/source"] } },
  test: {
    include: ["{packages,services}/*/src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles: ["test/support/property-sizes.ts"],
    pool: "forks",
    maxWorkers: 2,
  },
});
