import { h } from "./dom.js";

const anchors = new Map();

/** Notes which events are on the page, so that what rests on them can lead there. */
export function noteEvents(ids) {
  anchors.clear();
  for (const [place, id] of ids.entries()) anchors.set(id, `event-${place}`);
}

export const anchorOf = (id) => anchors.get(id) ?? null;

function lead(id) {
  const place = document.getElementById(anchorOf(id) ?? "");
  if (place === null) return;
  place.dispatchEvent(new CustomEvent("reveal", { bubbles: true }));
  const details = place.querySelector("details");
  if (details !== null) details.open = true;
  place.scrollIntoView({ block: "center" });
  place.querySelector("summary")?.focus({ preventScroll: true });
  place.classList.remove("is-shown");
  requestAnimationFrame(() => place.classList.add("is-shown"));
}

const shownMax = 3;

/** The events something rests on; pressing one leads to it in the timeline. */
export function evidence(ids) {
  const shown = ids.slice(0, shownMax);
  return [
    shown.map((id) => [
      anchors.has(id)
        ? h(
            "button",
            {
              type: "button",
              class: "evidence",
              title: `Show event ${id} in the timeline`,
              on: { click: () => lead(id) },
            },
            id,
          )
        : h("span", { class: "evidence evidence-away", title: "Not on this page" }, id),
      " ",
    ]),
    ids.length > shownMax ? `and ${ids.length - shownMax} more` : null,
  ];
}
