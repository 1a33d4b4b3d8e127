/** What the desk answers; a problem becomes an error with its own words. */
async function send(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  if (answer.status === 401) {
    location.assign(`/sign-in?to=${encodeURIComponent(`/${location.search}${location.hash}`)}`);
  }
  const failure = new Error(body?.detail ?? body?.title ?? `The desk answered ${answer.status}.`);
  failure.status = answer.status;
  throw failure;
}

const read = (path, signal) => send(path, { headers: { accept: "application/json" }, signal });

const post = (path, body) =>
  send(path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
  });

export const readMe = (signal) => read("/api/me", signal);

/** On a desk nobody signs in at: goes on in another role. */
export const goOnAs = (role) => post("/api/sign-in", { role });
export const signOut = () => post("/api/sign-out", {});

export const act = (reference, body) =>
  post(`/api/customers/${encodeURIComponent(reference)}/acts`, body);

export const readSegments = (signal) => read("/api/reports/segments", signal);

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
