import type { Clock } from "../../core/clock.js";
import type { PinInput } from "../../core/pin-readings.js";
import type { FlowOptions } from "../../flow/flow.js";
import type { Manager } from "../../flow/manager.js";
import type { PiezoOutput, PinOutput } from "../../flow/outputs/to-pin.js";
import type { Reporter } from "../../flow/reports.js";
import type { Mesh } from "../../mesh/mesh.js";

/**
 * What a flow asks of the mesh. It is what `events()`, `toEvents()`, `nodeChannel()` and `toNode()` take.
 *
 * In a circuit that has flows only, the mesh is joined when one of these is called first. What is published before that has
 * come about waits, 1 024 events at most, and who listens is not known (`undefined`).
 */
export type HostMesh = Pick<Mesh, "publish" | "subscribe" | "send" | "serve">;

/** Which of several boards; where there is one, it need not be said. */
export interface OfBoard {
  readonly board?: string;
}

/**
 * The pins that a flow may ask for. The board is opened with the first of them.
 *
 * @throws {CircuitError} What opening a board throws; `CONFIG_INVALID` where there are several and none is named;
 *   `PIN_NOT_WIRED` for a pin that the wiring lacks.
 */
export interface FlowPins {
  /** A digital input, for `edges()`; with a pull-up where nothing is said. */
  digitalInput(pin: number, options?: OfBoard & { readonly pullup?: boolean }): Promise<PinInput>;
  /** An analog input by its channel, 0 for A0, for `samples()`. */
  analogInput(channel: number, options?: OfBoard): Promise<PinInput>;
  /** A digital output, or with `pwm` one of 0 to 255, for `toPin()`. */
  pinOutput(pin: number, options?: OfBoard & { readonly pwm?: boolean }): Promise<PinOutput>;
  /** A piezo, for `toPiezo()`. */
  piezoOutput(pin: number, options?: OfBoard): Promise<PiezoOutput>;
}

/** What runs a flow, as its file sees it. */
export interface FlowHost extends HostMesh, FlowPins {
  /** Name of the flow: that in the configuration, else that in its file. */
  readonly name: string;
  /** What the configuration says of the flow; an empty object where it says nothing. Whoever reads it checks it. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  /** Aborts when the flow has ended, after it was drained: what the file has opened is to be closed then. */
  readonly signal: AbortSignal;
  /** Tells a person, a line at a time. */
  readonly log: (text: string) => void;
}

/** A flow, as its file exports it by default. */
export interface FlowDefinition extends Pick<FlowOptions, "onGivenUp"> {
  /** Letters, digits, `-` and `_`: it is part of the subject that its failures are published to. */
  readonly name: string;
  /** Its managers, or what makes them, once each time that the flow is run, checked or drawn. */
  readonly managers:
    | readonly Manager[]
    | ((host: FlowHost) => readonly Manager[] | Promise<readonly Manager[]>);
  /** Takes each failure beside the log and the event; Sentry fits. */
  readonly reporter?: Reporter;
}

/** Gives a flow its types; returns what it is given. */
export function defineFlow(definition: FlowDefinition): FlowDefinition {
  return definition;
}
