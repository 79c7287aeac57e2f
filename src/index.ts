/** What a program may import from `circuit-five`. */
export type { Board } from "./board/board.js";
export { five } from "./board/session/piezo.js";
export {
  type FlowCluster,
  flowCluster,
  type OpenFlowClusterOptions,
  openFlowCluster,
} from "./circuit/flows/flow-cluster.js";
export { defineFlow, type FlowDefinition, type FlowHost } from "./circuit/flows/flow-file.js";
export type { FlowKeeping } from "./circuit/flows/jetstream-queue.js";
export type { CircuitEvent, Summary } from "./circuit/progress.js";
export { runCircuit } from "./circuit/run.js";
export type { RunOptions } from "./circuit/run-options.js";
export {
  type CircuitDefinition,
  defineCircuit,
  type EventsDefinition,
  type FlowEntry,
  type NodeDefinition,
  type SecurityDefinition,
  type SketchSource,
} from "./config/define.js";
export type { EdgePin, OutputPin, PinDefinition, ReactingPin, ThresholdPin } from "./config/pins.js";
export { CircuitError, type CircuitErrorCode } from "./core/error.js";
export type { PinEdge, PinSample } from "./core/pin-readings.js";
export type { ObservedEvent, ObserverContext, ObserverHandler } from "./events/event.js";
export type { Observer } from "./events/observer.js";
export { type ObserverDefinition, type ObserverOptions, on } from "./events/on.js";
export { On } from "./events/on-method.js";
export type { StandardSchema } from "./events/standard-schema.js";
export { type ItemDelivery, keyOf } from "./flow/cluster/delivery.js";
export type { DurableQueue, FlowQueues, Origin } from "./flow/cluster/durable-queue.js";
export type { FlowLeases, KeyBucket, LeaseBucket } from "./flow/cluster/lease-bucket.js";
export type { BatchedConnectionOptions, ConnectionOptions, Overflow } from "./flow/connection.js";
export { Flow, type FlowOptions } from "./flow/flow.js";
export { Manager, type ManagerOptions } from "./flow/manager.js";
export { consoleTable } from "./flow/outputs/console-table.js";
export { csv } from "./flow/outputs/csv.js";
export { keyed } from "./flow/outputs/keyed.js";
export { ndjson } from "./flow/outputs/ndjson.js";
export { once } from "./flow/outputs/once.js";
export { post } from "./flow/outputs/post.js";
export { sqlite } from "./flow/outputs/sqlite.js";
export { toEvents } from "./flow/outputs/to-events.js";
export { toNode } from "./flow/outputs/to-node.js";
export { toPiezo, toPin } from "./flow/outputs/to-pin.js";
export type { ErrorPolicy, PartOptions } from "./flow/part.js";
export { type Pipeline, pipeline } from "./flow/pipeline.js";
export {
  Processor,
  type ProcessorOptions,
  processor,
  Source,
  type SourceOptions,
  source,
} from "./flow/processor.js";
export type { FlowFailure, Reporter } from "./flow/reports.js";
export {
  Emission,
  emit,
  type FlowContext,
  type ProcessorFunction,
  type SourceFunction,
} from "./flow/source.js";
export { cron } from "./flow/sources/cron.js";
export { events } from "./flow/sources/events.js";
export { history } from "./flow/sources/history.js";
export { lines } from "./flow/sources/lines.js";
export { nodeChannel } from "./flow/sources/node-channel.js";
export { edges, samples } from "./flow/sources/pin.js";
export { type PushedOptions, type Pushing, pushed } from "./flow/sources/push-source.js";
export { rest } from "./flow/sources/rest.js";
export { streamLines } from "./flow/sources/stream-lines.js";
export { ticks } from "./flow/sources/ticks.js";
export { websocket } from "./flow/sources/websocket.js";
export type { ManagerStatus } from "./flow/supervisor.js";
export type { PartCounts } from "./flow/tally.js";
export type { DurablePublishOptions, StoredAt } from "./mesh/durable.js";
export type { EventHeaders, PublishOptions } from "./mesh/event.js";
export type { Payload } from "./mesh/payload.js";
export type { Entry } from "./record/entry.js";
export type { RecordingHeader } from "./record/header.js";
export { type EntriesOptions, openRecording, type Recording } from "./record/recording.js";
export { Buzzer, type BuzzerOptions } from "./sketch/buzzer.js";
export { Clock, type ClockOptions } from "./sketch/clock.js";
export { IoPin, type IoPinOptions } from "./sketch/io-pin.js";
export {
  Sketch,
  type SketchContext,
  type SketchDelivery,
  type SketchSendOptions,
} from "./sketch/sketch.js";
