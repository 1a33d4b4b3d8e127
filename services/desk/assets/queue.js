import { byId, counted, h, number } from "./dom.js";
import { levelBadge } from "./signs.js";
import { prose, since } from "./time.js";

export const hrefOf = (reference) => `#/customer/${encodeURIComponent(reference)}`;

/** The scheme of a name is the same nearly everywhere, so it steps back. */
export function named(reference) {
  const at = reference.indexOf(":");
  return [h("span", { class: "scheme" }, reference.slice(0, at + 1)), reference.slice(at + 1)];
}

function contentOf(row) {
  return [
    h(
      "span",
      { class: "row-head" },
      levelBadge(row.level),
      h("span", { class: "row-name" }, named(row.customer)),
      h("span", { class: "row-score", title: "Score" }, number(row.score)),
    ),
    h("span", { class: "row-says" }, prose(row.says)),
    h(
      "span",
      { class: "row-foot" },
      row.link === null ? null : h("span", { class: "chip" }, row.link),
      row.owner === null ? null : h("span", { class: "meta" }, row.owner),
      row.operatedBy === "outsourced" || row.operatedBy === "partner"
        ? h("span", { class: "meta" }, row.operatedBy)
        : null,
      row.wants.map((one) => h("span", { class: "wants" }, one)),
      row.taken === null
        ? null
        : h("span", { class: "wants" }, row.taken.isMine ? "yours" : "taken on"),
      row.snoozed === null ? null : h("span", { class: "wants" }, "put off"),
      row.since === null
        ? null
        : h("span", { class: "row-age meta" }, "at risk ", since(row.since)),
    ),
  ];
}

/**
 * The list of customers. It is kept up in place: a row stays the same element while it is there, the
 * row at the top of the reader's view stays where it is, and focus and selection stay on their row.
 */
export function openRows({ onFocus }) {
  const list = byId("rows");
  const scroller = byId("queue");
  const rows = new Map();
  let order = [];
  let current = null;

  function rowOf(reference) {
    const known = rows.get(reference);
    if (known !== undefined) return known;
    const link = h("a", {
      class: "row",
      href: hrefOf(reference),
      tabindex: "-1",
      on: { focus: () => setCurrent(reference) },
    });
    const made = { item: h("li", {}, link), link, text: "" };
    rows.set(reference, made);
    return made;
  }

  function setCurrent(reference) {
    for (const one of new Set([current, reference])) {
      rows.get(one)?.link.setAttribute("tabindex", one === reference ? "0" : "-1");
    }
    current = reference;
  }

  /** The page itself scrolls on a narrow screen, the list on a wide one. */
  const viewTop = () => Math.max(0, scroller.getBoundingClientRect().top);

  function anchor() {
    const top = viewTop();
    for (const reference of order) {
      const { item } = rows.get(reference);
      const place = item.getBoundingClientRect();
      if (place.bottom > top) return { item, offset: place.top };
    }
    return null;
  }

  function settle(held) {
    if (held === null || !held.item.isConnected) return;
    const moved = held.item.getBoundingClientRect().top - held.offset;
    if (Math.abs(moved) < 1) return;
    const canScroll = scroller.scrollHeight > scroller.clientHeight + 1;
    (canScroll ? scroller : document.scrollingElement).scrollTop += moved;
  }

  function place(items, selected) {
    const wanted = items.map(({ customer }) => customer);
    const kept = new Set(wanted);
    for (const [reference, { item }] of rows) {
      if (kept.has(reference)) continue;
      item.remove();
      rows.delete(reference);
    }
    let before = list.firstElementChild;
    for (const row of items) {
      const made = rowOf(row.customer);
      const text = JSON.stringify(row);
      if (made.text !== text) {
        made.text = text;
        made.link.replaceChildren(...contentOf(row).flat().filter(Boolean));
      }
      if (made.item === before) before = before.nextElementSibling;
      else list.insertBefore(made.item, before);
      if (row.customer === selected) made.link.setAttribute("aria-current", "true");
      else made.link.removeAttribute("aria-current");
    }
    order = wanted;
  }

  return {
    show(items, selected, isFresh) {
      const isFocused = list.contains(document.activeElement);
      const scrolled = scroller.scrollTop > 0 || document.scrollingElement.scrollTop > 0;
      const held = isFresh || !scrolled ? null : anchor();
      const focused = current;
      place(items, selected);
      settle(held);
      const stays = focused !== null && rows.has(focused);
      setCurrent(stays ? focused : (order.find((one) => one === selected) ?? order[0] ?? null));
      // Moving an element takes its focus away.
      if (isFocused && stays) rows.get(focused).link.focus({ preventScroll: true });
    },
    select(reference) {
      for (const [one, { link }] of rows) {
        if (one === reference) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      if (reference !== null && rows.has(reference)) setCurrent(reference);
    },
    /** Moves by so many rows from the current one and puts the focus there. */
    move(steps, from) {
      if (order.length === 0) return null;
      const at = order.indexOf(from ?? current);
      const isStart = at < 0 || (from === null && !list.contains(document.activeElement));
      const to = isStart ? 0 : Math.min(order.length - 1, Math.max(0, at + steps));
      const reference = order[to];
      rows.get(reference).link.focus({ preventScroll: true });
      rows.get(reference).item.scrollIntoView({ block: "nearest" });
      onFocus(reference);
      return reference;
    },
    focus() {
      const row = rows.get(current);
      if (row === undefined) return scroller.focus();
      row.link.focus({ preventScroll: true });
      row.item.scrollIntoView({ block: "nearest" });
    },
  };
}

const stateWords = { free: "nobody's yet", mine: "yours", snoozed: "put off", any: "all of them" };

export function showCount({ total, shown, filters, clear }) {
  const parts = [filters.level, filters.link, filters.owner, stateWords[filters.state]].filter(
    Boolean,
  );
  const about = filters.q ? `found for “${filters.q}”` : "at risk";
  const text = `${counted(total, "customer")} ${about}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}`;
  const isFiltered = parts.length > 0 || Boolean(filters.q);
  const place = byId("count");
  if (place.dataset.text === `${text}${isFiltered}`) return;
  place.dataset.text = `${text}${isFiltered}`;
  place.replaceChildren(
    text,
    ...(isFiltered
      ? [" ", h("button", { type: "button", class: "plain", on: { click: clear } }, "Show all")]
      : []),
    ...(shown === 0 && total === 0
      ? [
          h(
            "span",
            { class: "none" },
            isFiltered ? "Nobody like that." : "Nobody is at risk. Quiet is good.",
          ),
        ]
      : []),
  );
}
