import { press } from "./acts.js";
import { follow, readCustomer, readMe, readOverview, readQueue, readSegments } from "./api.js";
import { closeCustomer, focusCustomer, showCustomer, showUnknown } from "./customer.js";
import { byId, h, number } from "./dom.js";
import { openFilters, readFilters, writeFilters } from "./filters.js";
import { openKeys } from "./keys.js";
import { showMe } from "./me.js";
import { showEmpty, showHeadline, showHome, showStrip } from "./overview.js";
import { hrefOf, openRows, showCount } from "./queue.js";
import { countOn, setLogTime } from "./time.js";

const pageSize = 50;
const pageMax = 200;
const isWide = matchMedia("(min-width: 60rem)");

const state = {
  filters: readFilters(),
  items: [],
  total: 0,
  next: null,
  overview: null,
  segments: null,
  maySeeSegments: false,
  open: null,
};
const rows = openRows({ onFocus: (reference) => isWide.matches && openSoon(reference) });
const filters = openFilters(state.filters, (name, value) => setFilter({ [name]: value }));

function trouble(words) {
  const place = byId("trouble");
  place.hidden = words === null;
  place.textContent = words ?? "";
}

/** One reading at a time of a kind: a newer one makes the older one pointless. */
function latest(read) {
  let running = null;
  return async (...given) => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    try {
      await read(mine.signal, ...given);
      trouble(null);
    } catch (error) {
      if (!mine.signal.aborted)
        trouble(`Could not read: ${error.message} What you see may be old.`);
    }
  };
}

const setFilter = (change) => {
  state.filters = { ...state.filters, ...change };
  writeFilters(state.filters);
  filters.show(state.filters);
  drawOverview();
  loadQueue(true);
};
const clearFilters = () => setFilter({ level: "", link: "", owner: "", q: "", state: "" });

function drawOverview() {
  const { overview, filters: chosen } = state;
  if (overview === null) return;
  byId("demo").hidden = !overview.isDemo;
  showHeadline(overview, { level: chosen.level, setLevel: (level) => setFilter({ level }) });
  showStrip(overview, { link: chosen.link, setLink: (link) => setFilter({ link }) });
  filters.setOwners(
    overview.owners.map(({ owner }) => owner),
    chosen.owner,
  );
  if (state.open !== null) return;
  const place = byId("customer");
  if (overview.customers === 0) showEmpty(place, overview);
  else
    showHome(place, overview, {
      owner: chosen.owner,
      setOwner: (owner) => setFilter({ owner }),
      segments: state.segments,
    });
}

const loadOverview = latest(async (signal) => {
  const isAtHome = state.open === null && state.maySeeSegments;
  const reading = isAtHome ? readSegments(signal) : Promise.resolve(state.segments);
  [state.overview, state.segments] = await Promise.all([readOverview(signal), reading]);
  setLogTime(state.overview.logTime);
  drawOverview();
});

function drawQueue(isFresh) {
  rows.show(state.items, state.open, isFresh);
  const { total, items, filters: chosen } = state;
  showCount({ total, shown: items.length, filters: chosen, clear: clearFilters });
  const end = byId("queue-end");
  const left = total - items.length;
  end.replaceChildren();
  if (state.next === null || left <= 0) return;
  const more = h(
    "button",
    { type: "button", class: "more", on: { click: () => loadMore() } },
    `Show more (${number(left)} left)`,
  );
  end.append(more);
  nearEnd.disconnect();
  nearEnd.observe(more);
}

/** Reads as many again as were shown, so that the list neither grows nor shrinks under the reader. */
const loadQueue = latest(async (signal, isFresh) => {
  const wanted = isFresh ? pageSize : Math.max(pageSize, state.items.length);
  const items = [];
  let answer = null;
  do {
    const limit = Math.min(pageMax, wanted - items.length);
    answer = await readQueue(state.filters, answer?.next, limit, signal);
    items.push(...answer.items);
  } while (answer.next !== null && items.length < wanted);
  if (signal.aborted) return;
  Object.assign(state, { items, total: answer.total, next: answer.next });
  setLogTime(answer.logTime);
  if (isFresh) byId("queue").scrollTop = 0;
  drawQueue(isFresh);
});

const loadMore = latest(async (signal) => {
  const answer = await readQueue(state.filters, state.next, pageSize, signal);
  const known = new Set(state.items.map(({ customer }) => customer));
  state.items = [...state.items, ...answer.items.filter(({ customer }) => !known.has(customer))];
  Object.assign(state, { total: answer.total, next: answer.next });
  drawQueue(false);
});
const nearEnd = new IntersectionObserver(
  (seen) => seen.some(({ isIntersecting }) => isIntersecting) && loadMore(),
  { rootMargin: "200px" },
);

const loadCustomer = latest(async (signal, reference, wantsFocus) => {
  try {
    const page = await readCustomer(reference, signal);
    if (signal.aborted || state.open !== reference) return;
    setLogTime(page.logTime);
    const own = page.summary.customer;
    if (own !== reference) {
      // Opened by another of their names; from here on it goes by their own.
      state.open = own;
      history.replaceState(null, "", hrefOf(own));
      rows.select(own);
    }
    showCustomer(page, goHome);
  } catch (error) {
    if (error.status !== 404) throw error;
    showUnknown(reference, error.message, goHome);
  }
  if (wantsFocus) focusCustomer();
});

const openIn = () => {
  const match = /^#\/customer\/(.+)$/.exec(location.hash);
  try {
    return match === null ? null : decodeURIComponent(match[1]);
  } catch {
    return null;
  }
};

/** Shows what the address says. Whoever came here by a link is taken to the customer. */
function route(wantsFocus) {
  const reference = openIn();
  const changed = reference !== state.open;
  state.open = reference;
  document.body.classList.toggle("is-open", reference !== null);
  document.title = reference === null ? "Troth desk" : `${reference} · Troth desk`;
  rows.select(reference);
  if (reference === null) {
    closeCustomer();
    drawOverview();
  } else if (changed) loadCustomer(reference, wantsFocus);
  else if (wantsFocus) focusCustomer();
}

let soon = 0;
/** Running down the list with a key opens where it comes to rest, and leaves no trail in the history. */
function openSoon(reference) {
  clearTimeout(soon);
  soon = setTimeout(() => {
    history.replaceState(null, "", hrefOf(reference));
    route(false);
  }, 60);
}

function goHome() {
  clearTimeout(soon);
  history.pushState(null, "", `${location.pathname}${location.search}`);
  route(false);
  rows.focus();
}

openKeys({
  act: press,
  next: () => rows.move(1, state.open),
  previous: () => rows.move(-1, state.open),
  first: () => rows.move(0, null),
  search: () => filters.search.focus(),
  back: (isTyping) => {
    if (isTyping && filters.search.value !== "") {
      filters.search.value = "";
      setFilter({ q: "" });
      return;
    }
    const inList = document.activeElement?.closest("#rows") !== null;
    if (state.open !== null && (inList || !isWide.matches)) goHome();
    else rows.focus();
  },
});

byId("rows").addEventListener("click", (event) => {
  // The row that is open already changes no address, yet the reader wants to go there.
  const link = event.target.closest("a.row");
  if (link !== null && link.getAttribute("href") === location.hash) focusCustomer();
});
addEventListener("hashchange", () => route(true));
addEventListener("popstate", () => route(true));

let gathering = 0;
let concerned = false;
follow({
  state: (now) => {
    const place = byId("connection");
    place.className = `connection connection-${now}`;
    place.textContent = now === "live" ? "live" : "not connected, trying again";
  },
  changed: ({ customers }) => {
    concerned ||= customers === null || customers.includes(state.open);
    if (gathering !== 0) return;
    gathering = setTimeout(() => {
      gathering = 0;
      loadOverview();
      loadQueue(false);
      if (state.open !== null && concerned) loadCustomer(state.open, false);
      concerned = false;
    }, 150);
  },
});
setInterval(() => countOn(), 10_000);

route(false);
const loadMe = latest(async (signal) => {
  const me = await readMe(signal);
  showMe(me);
  state.maySeeSegments = me.permissions.includes("report");
});
await Promise.all([loadMe(), loadOverview(), loadQueue(true)]);
if (state.maySeeSegments && state.open === null) await loadOverview();
document.body.classList.add("is-ready");
