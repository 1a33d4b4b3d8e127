/** What the desk answers; a problem becomes an error with its own words. */
async function read(path, signal) {
  const answer = await fetch(path, { headers: { accept: "application/json" }, signal });
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const failure = new Error(body?.detail ?? body?.title ?? `The desk answered ${answer.status}.`);
  failure.status = answer.status;
  throw failure;
}

export const readOverview = (signal) => read("/api/overview", signal);

export const readCustomer = (reference, signal) =>
  read(`/api/customers/${encodeURIComponent(reference)}`, signal);

export function readQueue(filters, cursor, limit, signal) {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries(filters)) if (value) query.set(name, value);
  if (cursor) query.set("cursor", cursor);
  return read(`/api/customers?${query}`, signal);
}

/** Calls `changed` with what to read again, and `state` as the connection comes and goes. */
export function follow({ changed, state }) {
  const stream = new EventSource("/api/live");
  stream.addEventListener("open", () => state("live"));
  stream.addEventListener("error", () => state("lost"));
  stream.addEventListener("customers", ({ data }) => changed(JSON.parse(data)));
  return stream;
}
