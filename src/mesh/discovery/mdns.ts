import { isIP } from "node:net";
import { Bonjour, type Browser, type Service } from "bonjour-service";
import type { Clock } from "../../core/clock.js";
import { CircuitError, messageOf } from "../../core/error.js";
import { FRAMED_PROTOCOL } from "../framed/records.js";
import { findLoopback, nodeUrl } from "../ws/address.js";
import { type Advert, findAdvert } from "./advert.js";
import type { Sightings, Source } from "./source.js";

export interface MdnsSourceOptions {
  readonly clock: Clock;
  /** Address of the one interface to use; all where it is left out. */
  readonly interface?: string;
  /** Time between two questions to everybody, in milliseconds. */
  readonly askMs?: number;
}

/** `_circuit._tcp`, as RFC 6763 names services. */
const SERVICE = "circuit";

/** What `askMs` is by default: what a killed node leaves, nobody takes back. */
const ASK_MS = 20_000;

/** Questions in a row that a node may leave without an answer before it is forgotten: a packet may be lost. */
const MISSED_ASKS = 2;

/** Time that a whole network has to answer the first question, in milliseconds. */
export const FIRST_ANSWERS_MS = 1_000;

/** Time for the network interface to be ready, in milliseconds. */
const READY_MS = 2_000;

/** Nodes of the local network, by multicast DNS. What is told there is anybody's word. */
export class MdnsSource implements Source {
  readonly name = "lan";
  readonly #options: MdnsSourceOptions;
  readonly #missed = new Map<string, number>();
  readonly #published = new Set<Service>();
  #bonjour: Bonjour | undefined;
  #browser: Browser | undefined;
  #stopAsking: () => void = () => {};
  #isClosed = false;

  constructor(options: MdnsSourceOptions) {
    this.#options = options;
  }

  /** Resolves when the network can be heard: answers come later. */
  async start(sightings: Sightings): Promise<void> {
    const { interface: address } = this.#options;
    // The cast: what is not known to its types goes on to multicast-dns.
    const options = (address === undefined ? {} : { interface: address }) as object;
    this.#bonjour = new Bonjour(options, () => {}); // a question that is not sent is asked again
    await this.#untilReady(this.#bonjour);
    this.#ask(sightings);
  }

  async publish(advert: Advert): Promise<(() => Promise<void>) | undefined> {
    const open = findOpenPort(advert);
    if (open === undefined || !this.#bonjour) return undefined;
    const { port, scheme } = open;
    const service = this.#bonjour.publish({
      name: advert.boot,
      type: SERVICE,
      port,
      txt: { boot: advert.boot, node: advert.name, protocol: FRAMED_PROTOCOL, scheme },
      probe: false, // the name is random
    });
    this.#published.add(service);
    return () => this.#withdraw(service);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopAsking();
    this.#browser?.stop();
    await Promise.all([...this.#published].map((service) => this.#withdraw(service)));
    const bonjour = this.#bonjour;
    if (bonjour) await new Promise<void>((resolve) => bonjour.destroy(() => resolve()));
  }

  #withdraw(service: Service): Promise<void> {
    this.#published.delete(service);
    return new Promise((resolve) => {
      const stopWaiting = this.#options.clock.after(READY_MS, resolve);
      service.stop(() => {
        stopWaiting();
        resolve();
      });
    });
  }

  /**
   * Resolves when multicast can be sent and heard.
   *
   * @throws {CircuitError} `LINK_FAILED`.
   */
  #untilReady(bonjour: Bonjour): Promise<void> {
    // Bonjour gives no other way to its socket, whose errors would end the process.
    const { mdns } = Reflect.get(bonjour, "server");
    return new Promise((resolve, reject) => {
      const stopWaiting = this.#options.clock.after(READY_MS, () =>
        reject(failure(`no network after ${READY_MS} ms`)),
      );
      mdns.on("error", (error: unknown) => {
        stopWaiting();
        reject(failure(messageOf(error), error));
      });
      mdns.on("ready", () => {
        stopWaiting();
        resolve();
      });
    });
  }

  /** Asks everybody with a browser of its own: it tells of each node once, so of those that answered this time. */
  #ask(sightings: Sightings): void {
    if (this.#isClosed || !this.#bonjour) return;
    this.#browser?.stop();
    this.#browser = this.#bonjour.find({ type: SERVICE });
    this.#browser.on("up", (service) => {
      const advert = readService(service);
      if (advert === undefined) return;
      this.#missed.set(advert.boot, 0);
      sightings.announce(advert);
    });
    this.#browser.on("down", (service) => this.#forget(service.txt?.boot, sightings));
    const { clock, askMs = ASK_MS } = this.#options;
    this.#stopAsking = clock.after(askMs, () => {
      for (const [boot, missed] of [...this.#missed]) {
        if (missed >= MISSED_ASKS) this.#forget(boot, sightings);
        else this.#missed.set(boot, missed + 1);
      }
      this.#ask(sightings);
    });
  }

  #forget(boot: unknown, sightings: Sightings): void {
    if (typeof boot === "string" && this.#missed.delete(boot)) sightings.forget(boot);
  }
}

/** The port under which others reach a node; `undefined` for one that listens to its own machine only. */
function findOpenPort({
  addresses,
}: Advert): { readonly port: number; readonly scheme: "ws" | "wss" } | undefined {
  for (const address of addresses) {
    const { hostname, port, protocol } = new URL(address);
    const isSecret = protocol === "wss:";
    if (findLoopback(hostname) === undefined)
      return { port: Number(port || (isSecret ? 443 : 80)), scheme: isSecret ? "wss" : "ws" };
  }
  return undefined;
}

/** What a service says, as far as it can be a node elsewhere: loopback of another machine would be ours. */
function readService({ txt, addresses = [], referer, port }: Service): Advert | undefined {
  if (txt?.protocol !== FRAMED_PROTOCOL) return undefined;
  // Where the word came from can be reached; other addresses of that machine perhaps.
  const all = new Set([...(referer ? [referer.address] : []), ...addresses]);
  const reachable = [...all].filter(
    (address) => isIP(address) !== 0 && !/^fe80:/i.test(address) && findLoopback(address) === undefined,
  );
  return findAdvert({
    boot: txt.boot,
    name: txt.node,
    addresses: reachable
      .slice(0, 16)
      .map((address) => nodeUrl(address, port, txt.scheme === "wss" ? "wss" : "ws")),
    engine: "ws",
  });
}

function failure(problem: string, cause?: unknown): CircuitError {
  return new CircuitError("LINK_FAILED", `Cannot ask the local network: ${problem}`, {
    hint: "See that this machine has a network, and that nothing else keeps UDP port 5353 for itself.",
    cause,
  });
}
