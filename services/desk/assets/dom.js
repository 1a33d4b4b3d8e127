/*
 * Everything on the page is made here, of elements and text nodes. Nothing is ever parsed as markup,
 * so what a customer wrote can only ever be read.
 */
const svgNamespace = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value))
        element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, held] of Object.entries(value)) {
        element.style.setProperty(property, String(held));
      }
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children
      .flat(3)
      .filter((child) => child !== null && child !== undefined && child !== false)
      .map((child) => (typeof child === "number" ? String(child) : child)),
  );
  return element;
}

/** An element with attributes, listeners (`on`) and children; null and false children are left out. */
export const h = (tag, properties, ...children) =>
  fill(document.createElement(tag), properties, children);

export const svg = (tag, properties, ...children) =>
  fill(document.createElementNS(svgNamespace, tag), properties, children);

export const byId = (id) => document.getElementById(id);

/** What was last shown in a place, as text, so that the same is not built again. */
const shown = new WeakMap();

/**
 * Shows `data` in `place` by `make`, unless it is what already stands there. The place keeps its
 * focus and whichever parts (`data-key`) the reader had opened.
 */
export function show(place, data, make) {
  const text = JSON.stringify(data);
  if (shown.get(place) === text) return false;
  shown.set(place, text);
  const keyed = [...place.querySelectorAll("details[open][data-key]")];
  const opened = new Set(keyed.map((one) => one.dataset.key));
  const focused = place.contains(document.activeElement)
    ? document.activeElement.closest("[data-key]")?.dataset.key
    : undefined;
  place.replaceChildren(...[make(data)].flat(2).filter(Boolean));
  for (const one of place.querySelectorAll("details[data-key]")) {
    if (opened.has(one.dataset.key)) one.open = true;
  }
  if (focused !== undefined) {
    const again = [...place.querySelectorAll("[data-key]")].find(
      (one) => one.dataset.key === focused,
    );
    (again?.matches("a, button, summary")
      ? again
      : again?.querySelector("a, button, summary")
    )?.focus({ preventScroll: true });
  }
  return true;
}

/** Forgets what stands in a place, so that the next `show` builds it. */
export const forget = (place) => shown.delete(place);

/** `1 customer`, `3 customers`. */
export const counted = (count, one, many = `${one}s`) =>
  `${number(count)} ${count === 1 ? one : many}`;

const whole = new Intl.NumberFormat("en-GB");
export const number = (value) => whole.format(value);
