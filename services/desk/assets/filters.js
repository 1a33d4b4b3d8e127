import { byId, h } from "./dom.js";

const names = ["level", "link", "owner", "q", "sort", "state"];

/** The filters stand in the address, so that a link shows the same list to somebody else. */
export function readFilters() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
}

export function writeFilters(filters) {
  const query = new URLSearchParams();
  for (const name of names) if (filters[name]) query.set(name, filters[name]);
  const text = query.toString();
  history.replaceState(history.state, "", `${text === "" ? "/" : `/?${text}`}${location.hash}`);
}

const sorts = [
  ["", "worst first"],
  ["age", "longest first"],
  ["recent", "latest news first"],
  ["score", "highest score first"],
];

const states = [
  ["", "all that wait"],
  ["free", "nobody's yet"],
  ["mine", "mine"],
  ["snoozed", "put off"],
  ["disputed", "disputed charges"],
  ["any", "all of them"],
];

function select(name, label, choices, change) {
  const element = h(
    "select",
    {
      name,
      id: `filter-${name}`,
      "aria-label": label,
      on: { change: () => change(name, element.value) },
    },
    choices.map(([value, words]) => h("option", { value }, words)),
  );
  return element;
}

/** Search, order, and the filters; `change` hears of one that was set. */
export function openFilters(filters, change) {
  const form = byId("filters");
  const search = h("input", {
    type: "search",
    name: "q",
    id: "filter-q",
    placeholder: "Find by customer, order, phone …",
    "aria-label": "Find a customer by any name",
    "aria-keyshortcuts": "/",
    maxlength: "256",
    spellcheck: "false",
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => change("q", search.value.trim()), 150);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    change("q", search.value.trim());
  });
  const sort = select("sort", "Order", sorts, change);
  const owner = select("owner", "Owner", [["", "every owner"]], change);
  const state = select("state", "Whose", states, change);
  form.replaceChildren(search, h("div", { class: "filter-pair" }, sort, owner, state));
  search.value = filters.q;
  sort.value = filters.sort;
  state.value = filters.state;
  return {
    search,
    /** The owners there are; the one chosen stays chosen. */
    setOwners(owners, chosen) {
      const values = ["", ...[...owners].sort()];
      const text = values.join("\n");
      if (owner.dataset.values !== text) {
        owner.dataset.values = text;
        owner.replaceChildren(
          ...values.map((value) => h("option", { value }, value === "" ? "every owner" : value)),
        );
      }
      owner.value = chosen;
    },
    show(now) {
      if (document.activeElement !== search) search.value = now.q;
      sort.value = now.sort;
      owner.value = now.owner;
      state.value = now.state;
    },
  };
}
