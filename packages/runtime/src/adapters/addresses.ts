import { BlockList, isIP } from "node:net";

/** What an address is to somebody who may be sending us there on purpose. */
export type AddressClass = "public" | "private" | "never";

type Subnet = readonly [network: string, prefix: number];

/** Somebody's own network: reached only by names the operator has listed. */
const privateNets: readonly Subnet[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["::1", 128],
  ["fc00::", 7],
];

/** This network, link-local (where clouds keep their secrets), examples, benchmarks, groups, the future. */
const neverNets: readonly Subnet[] = [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Of IPv6 only what is given out; the rest, and what wraps an IPv4 address, is never gone to. */
const globalNet: Subnet = ["2000::", 3];
const wrappedNets: readonly Subnet[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

function listOf(subnets: readonly Subnet[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets)
    list.addSubnet(network, prefix, isIP(network) === 6 ? "ipv6" : "ipv4");
  return list;
}

const ours = listOf(privateNets);
const never = listOf(neverNets);
const given = listOf([globalNet]);
const wrapped = listOf(wrappedNets);

/** Anything that is no address is never gone to. */
export function classOf(address: string): AddressClass {
  const version = isIP(address);
  if (version === 0) return "never";
  const family = version === 6 ? "ipv6" : "ipv4";
  if (family === "ipv4") {
    if (never.check(address, family)) return "never";
    return ours.check(address, family) ? "private" : "public";
  }
  // A mapped address is matched against the IPv4 lists by the list itself; a detour all the same.
  if (/^::ffff:/i.test(address)) return "never";
  if (ours.check(address, family)) return "private";
  return given.check(address, family) && !wrapped.check(address, family) ? "public" : "never";
}
