import type { ObserverDefinition } from "../events/on.js";
import type { BuzzerOptions } from "../sketch/buzzer.js";
import type { ClockOptions } from "../sketch/clock.js";
import type { IoPinOptions } from "../sketch/io-pin.js";
import type { Sketch } from "../sketch/sketch.js";
import type { PinDefinition } from "./pins.js";

/** A sketch's class, where it needs no options, or a function that makes one. */
export type SketchSource = (new () => Sketch) | (() => Sketch);

/** A sketch of the user's own, or one that circuit brings, by name. */
export type SketchChoice =
  | { readonly sketch: SketchSource }
  | { readonly sketch: "clock"; readonly options?: ClockOptions }
  | { readonly sketch: "iopin"; readonly options?: IoPinOptions }
  | { readonly sketch: "buzzer"; readonly options?: BuzzerOptions };

/** One node: a sketch with a name on the mesh. */
export type NodeDefinition = SketchChoice & {
  /** Name of its board in `boards`; the only board where there is one. */
  readonly board?: string;
  /** Where other processes reach it: a port of localhost, or `host:port`. Without it, this process only. */
  readonly listen?: number | string;
  /** Messages of one sender's channel that its sketch works on at the same time. 1 by default: in order. */
  readonly concurrency?: number;
  /** Whether an acknowledgement waits until the board has confirmed what was written. True by default. */
  readonly confirm?: boolean;
};

/** Whom nodes let in, and whom they trust. Paths are relative to the configuration's folder. */
export interface SecurityDefinition {
  /**
   * Path of a JSON file with a secret, or a list of them, for each node's name; nobody else may read it. It is followed
   * when it changes. `CIRCUIT_CREDENTIALS` by default.
   */
  readonly credentials?: string;
  /** Whether the plain protocol is spoken. True by default. */
  readonly plain?: boolean;
  /** Lets nodes listen beyond this machine without credentials: anybody may then drive them. */
  readonly anyone?: boolean;
  /** Names under which requests may know the nodes, besides localhost and the addresses that they listen on. */
  readonly hosts?: readonly string[];
  /** Web pages that may connect, such as `https://desk.example`. */
  readonly origins?: readonly string[];
  /** Paths of PEM files: what nodes show (then they listen on `wss://`), and whom they trust in place of the system. */
  readonly tls?: { readonly certificate?: string; readonly key?: string; readonly authority?: string };
  /** Who may send to whom: channels by sender by target, `*` for any. A target that is not named takes all. */
  readonly access?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Who may publish: subjects by node, with the wildcards `*` and `>`. */
  readonly publish?: Readonly<Record<string, readonly string[]>>;
}

/** What a stream of durable events keeps at most; the oldest goes first. For streams that this circuit is the first to need. */
export interface EventsDefinition {
  /** One week by default. */
  readonly maxAgeSeconds?: number;
  /** 256 MiB by default. */
  readonly maxBytes?: number;
  /** Servers of a cluster that keep each event; 1 by default. */
  readonly replicas?: number;
}

/** A flow that a circuit runs. */
export interface FlowEntry {
  /** Path of the file that `defineFlow()`s it, relative to the configuration's folder. */
  readonly file: string;
  /** Names of those of its managers that run; all by default. */
  readonly managers?: readonly string[];
  /** What the file finds in its host's `settings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A circuit: boards, and the sketches that run on them. */
export interface CircuitDefinition {
  /** Addresses of boards by name, such as `{ desk: "/dev/ttyACM0" }`. `{ board: "sim:uno" }` by default. */
  readonly boards?: Readonly<Record<string, string>>;
  /**
   * How long sketches wait for a board that has gone away before they hear of it, in milliseconds: 0 is at once. 30 000 by
   * default. It is looked for as long as the circuit runs.
   */
  readonly patienceMs?: number;
  /** How long a board with `safe` pins may hear nothing, in milliseconds, from 100 to 16 383. 2 000 by default. */
  readonly silenceMs?: number;
  /** Path of a wiring in Wokwi's format; relative to the configuration's folder. */
  readonly wiring?: string;
  /** Nodes by name. A circuit may have flows, observers, or pins that take part in events, in their place. */
  readonly nodes?: Readonly<Record<string, NodeDefinition>> | undefined;
  /** Flows by name. They end with the circuit, which ends when all that act by themselves have. */
  readonly flows?: Readonly<Record<string, FlowEntry>>;
  /** What reacts to events without a sketch, each made by `on()`. */
  readonly observers?: readonly ObserverDefinition[];
  /** What is kept of the events that durable observers wait for. */
  readonly events?: EventsDefinition;
  /**
   * What carries the messages in place of WebSockets: a NATS server, such as `nats://127.0.0.1:4222`, or several with
   * commas between. Nodes are then found there by name; `listen` and `grid` are not used.
   */
  readonly mesh?: string;
  /**
   * Whether nodes obey commands, such as that of `circuit swap`, over NATS: nobody proves there who he is, so that whoever the
   * server lets send to them commands them. False by default.
   */
  readonly commandsOverNats?: boolean;
  /** Where nodes of other processes are, such as `{ buzzer: "ws://127.0.0.1:8766" }`. */
  readonly grid?: Readonly<Record<string, string>>;
  /** Whom nodes let in, and whom they trust. Not with `mesh`: NATS has its own. */
  readonly security?: SecurityDefinition;
  /**
   * What single pins do without a sketch: tell of their edges, react to events, or are left otherwise than low when the
   * circuit stops. By number, `A0` for an analog one, `desk:2` where there are several boards.
   */
  readonly pins?: Readonly<Record<string, PinDefinition>>;
  /**
   * Whether the process keeps a core awake while messages come over WebSockets: single round trips between two cores
   * are then several times as quick. False by default.
   */
  readonly poll?: boolean;
  /** Makes every random draw repeatable. */
  readonly seed?: number;
  /** Time for a peer to appear and for an answer to `send()`, in seconds. 30 by default. */
  readonly timeoutSeconds?: number;
}

/** What a configuration says of others: where they are, and whom to let in and trust. */
export type Surroundings = Pick<CircuitDefinition, "grid" | "security">;

/** Board of a circuit that names none. */
export const DEFAULT_BOARD = "sim:uno";

/** `boards` of a circuit that has none. */
export const DEFAULT_BOARDS: Readonly<Record<string, string>> = { board: DEFAULT_BOARD };

/** Gives a configuration its types; returns what it is given. */
export function defineCircuit(definition: CircuitDefinition): CircuitDefinition {
  return definition;
}
