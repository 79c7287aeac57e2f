/** What a test may import from `circuit-five/testing`: everything of a circuit without hardware or network. */
export { MockBoard, type MockBoardOptions } from "./board/link/mock.js";
export type { MockEdge, MockPin } from "./board/link/mock-pins.js";
export type { BoardSession, SessionOptions } from "./board/session/board-session.js";
export { openSession } from "./board/session/session.js";
export { ManualClock } from "./core/manual-clock.js";
export type { EmulatedLink, EmulatedUnoOptions } from "./emulator/emulated-link.js";
export { PacedUno } from "./emulator/paced-uno.js";
export type { Edge } from "./emulator/pins.js";
export { type Pitch, pitchOf } from "./emulator/pitch.js";
export { VirtualTime } from "./emulator/virtual-time.js";
export { VirtualUno, type VirtualUnoOptions } from "./emulator/virtual-uno.js";
export { MemoryLeases } from "./flow/cluster/memory-leases.js";
export { MemoryQueues, type MemoryQueuesOptions } from "./flow/cluster/memory-queues.js";
export { MemoryMesh, type MemoryMeshOptions } from "./mesh/memory/memory-mesh.js";
export { attachments } from "./wiring/attachments.js";
export { readWiring } from "./wiring/read.js";
