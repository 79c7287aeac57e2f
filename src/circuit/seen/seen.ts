/** What a part looks or sounds like, as the page draws it. */
export type SeenPart =
  | { readonly type: "led"; readonly id: string; readonly brightness: number }
  | { readonly type: "buzzer"; readonly id: string; readonly hz: number | null }
  | { readonly type: "button"; readonly id: string; readonly pressed: boolean }
  | { readonly type: "potentiometer"; readonly id: string; readonly ratio: number }
  | { readonly type: "servo"; readonly id: string; readonly degrees: number | null }
  | { readonly type: "relay"; readonly id: string; readonly isOn: boolean }
  | { readonly type: "thermistor"; readonly id: string; readonly celsius: number }
  | { readonly type: "lcd"; readonly id: string; readonly lines: readonly string[]; readonly isLit: boolean };

/** A board as it is now. */
export interface SeenBoard {
  readonly name: string;
  readonly address: string;
  readonly firmware: string;
  readonly state: "ready" | "away" | "missing";
  /** Why it is missing, and what to do. */
  readonly problem?: string;
  /** Whether its parts can be pressed and turned from here. */
  readonly isEmulated: boolean;
  readonly baud: number | null;
  readonly writes: number;
  readonly queued: number;
  readonly queuedBytes: number;
  readonly oldestQueuedMs: number;
  readonly superseded: number;
  readonly unconfirmed: number;
  readonly restored: number;
  readonly discardedBytes: number;
  readonly parts: readonly SeenPart[];
}

/** A node of this process. Counts are since it began. */
export interface SeenNode {
  readonly name: string;
  readonly board: string | null;
  readonly received: number;
  readonly acks: number;
  readonly failures: number;
  readonly running: number;
  readonly waiting: number;
}

/** Messages of this process to one target. Counts are since it began; times are milliseconds, null before the first. */
export interface SeenRoute {
  readonly from: string;
  readonly to: string;
  readonly messages: number;
  readonly acks: number;
  readonly failures: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly isConnected: boolean;
}

/** One part of a flow's pipeline. */
export interface SeenStage {
  readonly flow: string;
  readonly manager: string;
  readonly state: string;
  readonly restarts: number;
  readonly part: string;
  readonly taken: number;
  readonly given: number;
  readonly dropped: number;
  readonly p99Ms: number | null;
}

/** All that has a present. */
export interface SeenState {
  readonly boards: readonly SeenBoard[];
  readonly nodes: readonly SeenNode[];
  readonly routes: readonly SeenRoute[];
  readonly stages: readonly SeenStage[];
}

/** A part of a wiring where it stands. Lengths are pixels of Wokwi's editor. */
export interface DrawnPart {
  readonly id: string;
  readonly type: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Clockwise about its middle, in degrees. */
  readonly rotate: number;
  readonly attrs: Readonly<Record<string, string>>;
}

/** What hangs on the boards, and which part is on which pin. */
export interface Drawing {
  readonly box: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  readonly parts: readonly DrawnPart[];
  readonly wires: readonly { readonly path: string; readonly color: string }[];
  /** Ids of parts by the number of the pin that they are on. */
  readonly pins: Readonly<Record<string, string>>;
}

/** A circuit of one process, as others see it. */
export interface SeenCircuit {
  /** Nodes of one process tell the same. */
  readonly process: string;
  readonly state: SeenState;
  /** Where it was asked for, and the circuit has a wiring. */
  readonly drawing?: Drawing;
}

/** What a hand does. */
export type Act =
  | { readonly do: "press" | "release"; readonly board: string; readonly part: string }
  | { readonly do: "turn"; readonly board: string; readonly part: string; readonly ratio: number }
  | { readonly do: "warm"; readonly board: string; readonly part: string; readonly celsius: number }
  | { readonly do: "send"; readonly node: string; readonly channel: string; readonly message: string }
  | { readonly do: "publish"; readonly subject: string; readonly data: string }
  | { readonly do: "swap"; readonly board: string; readonly address: string };
