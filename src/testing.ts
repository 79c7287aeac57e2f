/** What a test may import from `circuit-five/testing`: everything of a circuit without hardware or network. */
export { MockBoard, type MockBoardOptions } from "./board/link/mock.js";
export type { MockEdge, MockPin } from "./board/link/mock-pins.js";
export type { BoardSession, SessionOptions } from "./board/session/board-session.js";
export { openSession } from "./board/session/session.js";
export { ManualClock } from "./core/manual-clock.js";
export type { EmulatedLink, EmulatedUnoOptions } from "./emulator/emulated-link.js";
export { PacedUno } from "./emulator/paced-uno.js";
export type { ThermistorFault } from "./emulator/part.js";
export type { Edge } from "./emulator/pins.js";
export { type Pitch, pitchOf } from "./emulator/pitch.js";
export { VirtualTime } from "./emulator/virtual-time.js";
export { VirtualUno, type VirtualUnoOptions } from "./emulator/virtual-uno.js";
export { MemoryLeases } from "./flow/cluster/memory-leases.js";
export { MemoryQueues, type MemoryQueuesOptions } from "./flow/cluster/memory-queues.js";
export { MemoryMesh, type MemoryMeshOptions } from "./mesh/memory/memory-mesh.js";
export { type EmulateOptions, type EmulateSketchOptions, emulate } from "./testing/emulate.js";
export type {
  DisplayExpectation,
  GlowOptions,
  LedExpectation,
  RelayExpectation,
} from "./testing/expect-part.js";
export type { BlinkOptions, LimitOptions, PinExpectation, StayOptions } from "./testing/expect-pin.js";
export type {
  PulseOptions,
  ReachOptions,
  ServoExpectation,
  StayBetweenOptions,
  SweepOptions,
} from "./testing/expect-servo.js";
export type { MessageOptions } from "./testing/expect-told.js";
export type { ToneOptions } from "./testing/expect-tone.js";
export type { Hand, HandMove } from "./testing/hand.js";
export type { RigEvent, RigMessage } from "./testing/heard.js";
export type { NoiseOptions } from "./testing/noise.js";
export type { Rig, SendOptions } from "./testing/rig.js";
export type { PressOptions, RigBoard } from "./testing/rig-board.js";
export type { TapeEdge } from "./testing/tape.js";
export { attachments } from "./wiring/attachments.js";
export { readWiring } from "./wiring/read.js";
