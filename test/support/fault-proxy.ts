import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";
import { openSimulatedRng } from "@troth/runtime";
import { freePort } from "./tied.ts";

export const proxyFaults = [
  "refused",
  "cut-request",
  "cut-answer",
  "lost-answer",
  "busy",
  "garbage",
  "slow",
] as const;
export type ProxyFault = (typeof proxyFaults)[number];

export type FaultProxy = {
  readonly endpoint: string;
  /** From now on this share of connections meets a fault; `down` refuses all. */
  readonly share: (faulty: number | "down") => void;
  /** How often each fault was met. */
  readonly met: ReadonlyMap<ProxyFault, number>;
  readonly close: () => Promise<void>;
};

const busy =
  "HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 58\r\nConnection: close\r\n\r\n<Error><Code>SlowDown</Code><Message>no</Message></Error>\n";
const slowMs = 700;
const answeredMs = 20;

/** What goes wrong on one connection, once `bytes` have passed in the direction it concerns. */
function spoil(fault: ProxyFault, bytes: number, client: Socket, server: Socket): void {
  const cut = (): void => {
    client.destroy();
    server.destroy();
  };
  const after = (stream: Socket, act: () => void): void => {
    let passed = 0;
    stream.on("data", (chunk: Buffer) => {
      passed += chunk.length;
      if (passed > bytes) act();
    });
  };
  if (fault === "cut-request") after(client, cut);
  else if (fault === "cut-answer") after(server, cut);
  // The request goes through and is carried out; nobody hears of it.
  else if (fault === "lost-answer") server.once("data", cut);
}

/**
 * Stands before a server and spoils a share of the connections, drawn by a seed: refused, cut in the
 * request or the answer, carried out without an answer, answered 503 or with nonsense, or slow.
 */
export async function openFaultProxy(targetPort: number, seed: number): Promise<FaultProxy> {
  const rng = openSimulatedRng(seed);
  const met = new Map<ProxyFault, number>();
  const open = new Set<Socket>();
  let faulty: number | "down" = 0;
  const serve = (client: Socket): void => {
    if (faulty === "down") return void client.destroy();
    open.add(client);
    client.on("close", () => open.delete(client)).on("error", () => undefined);
    const drawn = proxyFaults[Math.floor(rng.next() * proxyFaults.length)] ?? "refused";
    const fault = rng.next() < faulty ? drawn : null;
    if (fault !== null) met.set(fault, (met.get(fault) ?? 0) + 1);
    if (fault === "refused") return void client.destroy();
    if (fault === "busy" || fault === "garbage") {
      client.once("data", () => client.end(fault === "busy" ? busy : "not HTTP at all\r\n\r\n"));
      return;
    }
    const begin = (): void => {
      const server = tcpConnect(targetPort, "127.0.0.1");
      open.add(server);
      server.on("close", () => {
        open.delete(server);
        client.destroy();
      });
      server.on("error", () => client.destroy());
      client.on("close", () => server.destroy());
      if (fault !== null) spoil(fault, Math.floor(rng.next() * 4_000), client, server);
      // One request a connection, or a client that keeps one alive would hardly meet a fault.
      server.once("data", () => setTimeout(() => client.end(), answeredMs));
      client.pipe(server);
      server.pipe(client);
    };
    if (fault === "slow") setTimeout(begin, slowMs);
    else begin();
  };
  const listener: Server = createServer(serve);
  const port = await freePort();
  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    share: (share) => {
      faulty = share;
      // Connections kept alive would go on without ever meeting a fault.
      for (const socket of open) socket.destroy();
    },
    met,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
