/** What a program may import from `circuit-five`. */
export type { Board } from "./board/board.js";
export { five } from "./board/session/piezo.js";
export type { CircuitEvent, Summary } from "./circuit/events.js";
export { type RunOptions, runCircuit } from "./circuit/run.js";
export {
  type CircuitDefinition,
  defineCircuit,
  type NodeDefinition,
  type SecurityDefinition,
  type SketchSource,
} from "./config/define.js";
export { CircuitError, type CircuitErrorCode } from "./core/error.js";
export { Buzzer, type BuzzerOptions } from "./sketch/buzzer.js";
export { Clock, type ClockOptions } from "./sketch/clock.js";
export { IoPin, type IoPinOptions } from "./sketch/io-pin.js";
export {
  Sketch,
  type SketchContext,
  type SketchDelivery,
  type SketchSendOptions,
} from "./sketch/sketch.js";
