import { perform } from "./acts.js";
import { h } from "./dom.js";
import { time } from "./time.js";

const stepWords = {
  proposed: "Proposed",
  offered: "Offered",
  accepted: "Accepted",
  outcome: "Settled",
};

/** How the customer took it, asked after it was put right. */
function outcomeForm(mending, reference) {
  const score = h(
    "select",
    { "aria-label": `How they find it now, 0 to 10: ${mending.kind ?? "resolution"}` },
    h("option", { value: "" }, "how they find it now…"),
    [...Array(11).keys()].map((value) => h("option", { value: String(value) }, `${value} of 10`)),
  );
  score.addEventListener("change", () => {
    if (score.value === "") return;
    const { resolutionId } = mending;
    perform(reference, { act: "outcome", resolutionId, score: Number(score.value) });
  });
  return score;
}

/** What was offered to put it right, and what came of it; latest first. */
export const mendings = (held, { reference, acts }) =>
  h(
    "ul",
    { class: "promises" },
    held.map((one) =>
      h(
        "li",
        { class: "promise", "data-key": `mending ${one.resolutionId}` },
        h(
          "div",
          { class: "promise-head" },
          h("strong", {}, stepWords[one.step]),
          h(
            "span",
            {},
            [one.kind, one.amount === null ? null : `${one.amount} ${one.currency}`]
              .filter(Boolean)
              .join(", "),
          ),
        ),
        h(
          "div",
          { class: "meta" },
          time(one.at),
          one.ledger === null ? null : ` · ${one.ledger}`,
          one.response === null ? null : ` · ${one.response.replace("_", " ")}`,
          one.outcomeScore === null ? null : ` · found it ${one.outcomeScore} of 10`,
        ),
        one.step === "accepted" && acts.includes("outcome") ? outcomeForm(one, reference) : null,
      ),
    ),
  );
