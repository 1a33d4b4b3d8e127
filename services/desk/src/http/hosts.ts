import { isIP } from "node:net";

const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);
const anyAddress: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

/** An address only this machine itself can reach, or come from. */
export const isLoopback = (address: string): boolean =>
  loopback.has(address) || address === "::ffff:127.0.0.1" || /^127(?:\.\d{1,3}){3}$/.test(address);

/** The host of a `Host` header without port and brackets, in lower case. */
function nameOf(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(header);
  return (bracketed?.[1] ?? header.replace(/:\d*$/, "")).toLowerCase();
}

/**
 * Which names the desk answers to. A foreign web page can point a name of its own at our address and
 * then read us as if we were that page; it cannot do so with a name that is ours or an address.
 */
export function hostsOf(listening: string, own: readonly string[]) {
  const names = new Set([...own.map((name) => name.toLowerCase()), listening.toLowerCase()]);
  const isOpen = anyAddress.has(listening);
  return (header: string | undefined): boolean => {
    if (header === undefined) return false;
    const name = nameOf(header);
    return names.has(name) || loopback.has(name) || (isOpen && isIP(name) !== 0);
  };
}
