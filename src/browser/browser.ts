export type { Clock } from "../core/clock.js";
export { CircuitError, type CircuitErrorCode } from "../core/error.js";
export type { EventHandler, EventHeaders, MeshEvent, Subscription } from "../mesh/event.js";
export type { Delivery, Handler, Messages } from "../mesh/mesh.js";
export type { Json, Payload } from "../mesh/payload.js";
export { Sketch } from "./sketch.js";
export { type JoinOptions, joinCircuit, Tab, type TabSendOptions } from "./tab.js";
