/** What a program may import from `circuit-five`. */
export type { Board } from "./board/board.js";
export { five } from "./board/session/piezo.js";
export type { CircuitEvent, Summary } from "./circuit/progress.js";
export { type RunOptions, runCircuit } from "./circuit/run.js";
export {
  type CircuitDefinition,
  defineCircuit,
  type EventsDefinition,
  type NodeDefinition,
  type SecurityDefinition,
  type SketchSource,
} from "./config/define.js";
export type { EdgePin, PinDefinition, ReactingPin, StoppedPin, ThresholdPin } from "./config/pins.js";
export { CircuitError, type CircuitErrorCode } from "./core/error.js";
export type { ObservedEvent, ObserverContext, ObserverHandler } from "./events/event.js";
export type { Observer } from "./events/observer.js";
export { type ObserverDefinition, type ObserverOptions, on } from "./events/on.js";
export { On } from "./events/on-method.js";
export type { StandardSchema } from "./events/standard-schema.js";
export type { DurablePublishOptions, StoredAt } from "./mesh/durable.js";
export type { EventHeaders, PublishOptions } from "./mesh/event.js";
export type { Payload } from "./mesh/payload.js";
export { Buzzer, type BuzzerOptions } from "./sketch/buzzer.js";
export { Clock, type ClockOptions } from "./sketch/clock.js";
export { IoPin, type IoPinOptions } from "./sketch/io-pin.js";
export {
  Sketch,
  type SketchContext,
  type SketchDelivery,
  type SketchSendOptions,
} from "./sketch/sketch.js";
