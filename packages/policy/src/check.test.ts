import { describe, expect, it } from "vitest";
import { checkPolicy } from "./check.ts";

const text = `policy: small
links:
  delivery: { says: delivery, owner: logistics }
noises:
  late:
    link: delivry
    on: delivery.missed
    severity: 2
`;

describe("policy check", () => {
  it("points at the place as a compiler does, and says what would put it right", () => {
    expect(checkPolicy(text, "P.yaml")).toMatchObject({
      ok: false,
      text: `P.yaml:6:11: error: found "delivry", expected the name of a link (noises.late.link)
  6 |     link: delivry
    |           ^
  help: did you mean \`delivery\`?

P.yaml: 1 error
`,
    });
  });

  it("names what it read when all is well", () => {
    const { ok, text: told } = checkPolicy(text.replace("delivry", "delivery"), "P.yaml");
    expect(ok).toBe(true);
    expect(told).toMatch(
      /^P\.yaml: ok: small [0-9a-f]{16} \(1 link, 0 pledges, 1 noise, 0 pieces of advice\)\n$/u,
    );
  });

  it("shows the part of a very long line that matters", () => {
    const long = text
      .replace("delivry", `delivery, x: ${"y".repeat(500)}`)
      .replace("link: ", "link: {a: ");
    const { text: told } = checkPolicy(long, "P.yaml");
    for (const line of told.split("\n")) expect(line.length).toBeLessThan(400);
  });
});
