import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect as netConnect, Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { classOf } from "./adapters/addresses.ts";
import { openGuardedHttp } from "./adapters/guarded-http.ts";
import { WorldError } from "./world-error.ts";

/** Listens on this machine and counts who comes, whatever they ask. */
let server: Server;
let port = 0;
let connections = 0;
const asked: { path: string; host: string | undefined; body: string }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      asked.push({ path: request.url ?? "", host: request.headers.host, body });
      if (request.url === "/redirect")
        return response.writeHead(302, { location: `http://127.0.0.1:${port}/secret` }).end();
      if (request.url === "/large") return response.end(Buffer.alloc(70_000));
      if (request.url === "/never") return undefined;
      if (request.url === "/drip") return response.writeHead(200).write("a");
      return response.end("fine");
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  // Every address of the machine, of both families: an attempt by any spelling is seen.
  server.listen(0, "::");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const post = (url: string) => ({
  method: "POST" as const,
  url,
  body: "{}",
  timeoutMs: 1_000,
  answerBytesMax: 64 * 1024,
});

const codeOf = async (sent: Promise<unknown>): Promise<string> => {
  try {
    await sent;
    return "answered";
  } catch (error) {
    return error instanceof WorldError ? error.code : String(error);
  }
};

/** A v4 address in the ways people write one so that a filter does not know it. */
function spellings(address: string): readonly string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const whole = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const hex = (n: number): string => n.toString(16).padStart(2, "0");
  const octal = (n: number): string => `0${n.toString(8)}`;
  return [
    address,
    String(whole),
    `0x${whole.toString(16)}`,
    [a, b, c, d].map((n) => `0x${hex(n)}`).join("."),
    [a, b, c, d].map(octal).join("."),
    `${a}.${(b << 16) | (c << 8) | d}`,
    `${a}.${b}.${(c << 8) | d}`,
    `${octal(a)}.${b}.0x${hex(c)}.${d}`,
    `${address}.`,
    [...address].map((one) => (one === "." ? "。" : one)).join(""),
    [...address]
      .map((one) => (/\d/.test(one) ? String.fromCodePoint(0xff10 + Number(one)) : one))
      .join(""),
    `[::ffff:${address}]`,
    `[::ffff:${hex(a)}${hex(b)}:${hex(c)}${hex(d)}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[2002:${hex(a)}${hex(b)}:${hex(c)}${hex(d)}::1]`,
    `[0:0:0:0:0:ffff:${address}]`,
  ];
}

const insides = [
  ...["127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1"],
  ...["169.254.169.254", "169.254.170.2", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"],
  ...["192.0.2.1", "198.18.0.1", "203.0.113.9"],
];

/** Names that an attacker's DNS answers so; nothing but the answer is known of them. */
const answers: Readonly<Record<string, readonly string[]>> = {
  "inside.example": ["127.0.0.1"],
  "metadata.example": ["169.254.169.254"],
  "half.example": ["93.184.216.34", "127.0.0.1"],
  "half6.example": ["93.184.216.34", "::1"],
  "six.example": ["::1"],
  "mapped.example": ["::ffff:127.0.0.1"],
  "ula.example": ["fd00::1"],
  "linklocal.example": ["fe80::1"],
  "nat64.example": ["64:ff9b::7f00:1"],
  "sixtofour.example": ["2002:7f00:1::1"],
  "teredo.example": ["2001:0:7f00:1::1"],
  "none.example": [],
  "nonsense.example": ["127.0.0.1; rm -rf"],
};

function hostile(): readonly string[] {
  const literals = insides.flatMap((address) =>
    spellings(address).map((host) => `http://${host}:${port}/`),
  );
  const names = Object.keys(answers).flatMap((name) => [
    `http://${name}:${port}/`,
    `https://${name}:${port}/`,
    `http://${name.toUpperCase()}.:${port}/`,
  ]);
  const others = [
    ...["localhost", "LOCALHOST", "localhost.", "sub.localhost", "ip6-localhost"].map(
      (host) => `http://${host}:${port}/`,
    ),
    ...[
      "[::1]",
      "[::]",
      "[fd00::1]",
      "[fe80::1]",
      "[ff02::1]",
      "[fec0::1]",
      "[::ffff:0:127.0.0.1]",
    ].map((host) => `http://${host}:${port}/`),
    `http://example.org@127.0.0.1:${port}/`,
    `http://127.0.0.1:${port}@example.org:${port}/`,
    `http://user:secret@inside.example:${port}/`,
    `http:127.0.0.1:${port}/`,
    `http:\\\\127.0.0.1:${port}\\`,
    `http://127.0.0.1:${port}#@example.org/`,
    `http://127.0.0.1:${port}\\@example.org/`,
    `//127.0.0.1:${port}/`,
    `ftp://127.0.0.1:${port}/`,
    `gopher://127.0.0.1:${port}/_POST`,
    `file:///etc/passwd`,
    `ws://127.0.0.1:${port}/`,
    "javascript:alert(1)",
    "data:text/plain,hello",
    "not a url",
    "",
    "http://",
    "http://[",
  ];
  return [...literals, ...names, ...others];
}

describe("HTTP to where somebody else points", () => {
  test("opens not one socket for any hostile address, by any spelling or name", async () => {
    const urls = hostile();
    const attempts = vi.spyOn(Socket.prototype, "connect");
    const http = openGuardedHttp({
      privateHosts: [],
      resolve: (name) => Promise.resolve(answers[name.replace(/\.$/, "")] ?? ["127.0.0.1"]),
    });
    const before = connections;
    const codes = await Promise.all(urls.map((url) => codeOf(http.send(post(url)))));
    process.stdout.write(
      `${urls.length} hostile addresses: ${attempts.mock.calls.length} sockets opened, ${connections - before} connections seen\n`,
    );
    expect(urls.length).toBeGreaterThanOrEqual(250);
    expect(codes.filter((code) => code !== "refused" && code !== "unreachable")).toEqual([]);
    expect(attempts.mock.calls.length).toBe(0);
    expect(connections).toBe(before);
    attempts.mockRestore();
  });

  test("would have opened sockets for them without the guard, so that none is counted for nothing", async () => {
    const before = connections;
    const http = openGuardedHttp({ privateHosts: ["127.0.0.1"] });
    await Promise.all(
      spellings("127.0.0.1")
        .slice(0, 8)
        .map((host) => codeOf(http.send(post(`http://${host}:${port}/`)))),
    );
    expect(connections - before).toBe(8);
  });

  test("asks a name once and goes to the address it was given, whatever the name says later", async () => {
    // A DNS server of our own whose answer changes after the first question.
    const dns = createSocket("udp4");
    let questions = 0;
    dns.on("message", (query, from) => {
      const isA =
        query.readUInt16BE(query.length - 4) === 1 || query.includes(Buffer.from([0, 1, 0, 1]));
      if (isA) questions += 1;
      const address = questions === 1 ? [93, 184, 216, 34] : [127, 0, 0, 1];
      const end = query.indexOf(0, 12) + 5;
      const head = Buffer.from(query.subarray(0, end));
      head.writeUInt16BE(0x8180, 2);
      head.writeUInt16BE(isA ? 1 : 0, 6);
      head.writeUInt16BE(0, 8);
      head.writeUInt16BE(0, 10);
      const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address]);
      dns.send(isA ? Buffer.concat([head, record]) : head, from.port, from.address);
    });
    dns.bind(0, "127.0.0.1");
    await once(dns, "listening");
    const resolver = new Resolver({ timeout: 500, tries: 1 });
    resolver.setServers([`127.0.0.1:${dns.address().port}`]);
    const went: string[] = [];
    const http = openGuardedHttp({
      privateHosts: [],
      resolve: (name) => resolver.resolve4(name),
      // The address is written down; the connection stays on this machine.
      connect: (address) => {
        went.push(address);
        return netConnect(port, "127.0.0.1");
      },
    });
    expect((await http.send(post(`http://rebind.example:${port}/first`))).status).toBe(200);
    expect(went).toEqual(["93.184.216.34"]);
    expect(questions).toBe(1);
    expect(asked.at(-1)).toMatchObject({
      path: "/first",
      host: `rebind.example:${port}`,
      body: "{}",
    });
    expect(await codeOf(http.send(post(`http://rebind.example:${port}/second`)))).toBe("refused");
    expect(went).toHaveLength(1);
    dns.close();
  });

  test("follows no redirect, waits no longer than asked, and reads no more than allowed", async () => {
    const http = openGuardedHttp({ privateHosts: ["127.0.0.1"] });
    const at = (path: string) => ({ ...post(`http://127.0.0.1:${port}${path}`), timeoutMs: 300 });
    expect((await http.send(at("/redirect"))).status).toBe(302);
    expect(asked.some(({ path }) => path === "/secret")).toBe(false);
    expect(await codeOf(http.send(at("/large")))).toBe("too-large");
    expect(await codeOf(http.send(at("/never")))).toBe("timeout");
    expect(await codeOf(http.send(at("/drip")))).toBe("timeout");
    const slow = openGuardedHttp({ privateHosts: [], resolve: () => new Promise(() => undefined) });
    expect(await codeOf(slow.send({ ...at("/"), url: "http://slow.example/" }))).toBe("timeout");
  });

  test("goes to a private address only by a name that was listed, and to link-local ones by none", async () => {
    const resolve = (name: string) => Promise.resolve(answers[name] ?? ["127.0.0.1"]);
    const http = openGuardedHttp({ privateHosts: ["inside.example", "metadata.example"], resolve });
    expect(await codeOf(http.send(post(`http://inside.example:${port}/`)))).toBe("answered");
    expect(await codeOf(http.send(post(`http://other.example:${port}/`)))).toBe("refused");
    expect(await codeOf(http.send(post(`http://metadata.example:${port}/`)))).toBe("refused");
  });

  test("knows addresses that are given out from those that are not", () => {
    for (const address of ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
      expect(classOf(address), address).toBe("public");
    for (const address of ["::", "fe80::1", "ff02::1", "2001:db8::1", "::ffff:8.8.8.8", "nonsense"])
      expect(classOf(address), address).toBe("never");
    for (const address of ["10.1.2.3", "::1", "fd12::1"]) expect(classOf(address)).toBe("private");
  });
});
