import { CircuitError, describeThrown } from "../../core/error.js";
import { Queue } from "../../core/queue.js";
import type { MeshCounts } from "../../mesh/counts.js";
import type { EventHandler, PublishOptions, SubscribeOptions, Subscription } from "../../mesh/event.js";
import { sumEvents } from "../../mesh/event-tally.js";
import type { Handler, Mesh, Messages, ServedNode, ServeOptions, StreamOptions } from "../../mesh/mesh.js";
import type { Payload } from "../../mesh/payload.js";
import { checkPattern, checkSubject } from "../../mesh/subject.js";

/** Events and subscriptions that wait until the mesh is there: some seconds of a busy flow. */
const MOST_WAITING = 1_024;

export interface LazyMeshOptions {
  /** Opens the mesh and joins it. */
  readonly open: () => Promise<Mesh>;
  /** It could not be opened, and somebody needs it. */
  readonly failed: (reason: unknown) => void;
  /** Takes what a person should know. */
  readonly notice: (text: string) => void;
}

/**
 * A mesh that is opened when it is used first. What is published before it is there is sent when it is, in order.
 *
 * @throws {CircuitError} From `publish()`, `NOT_RUN` where 1 024 events wait already.
 */
export class LazyMesh implements Mesh {
  readonly #options: LazyMeshOptions;
  readonly #waiting = new Queue<(mesh: Mesh) => void>();
  #opening: Promise<Mesh> | undefined;
  #mesh: Mesh | undefined;
  #isClosed = false;

  constructor(options: LazyMeshOptions) {
    this.#options = options;
  }

  get durable(): Mesh["durable"] {
    return this.#mesh?.durable;
  }

  async serve(name: string, handler: Handler, options?: ServeOptions): Promise<ServedNode> {
    return (await this.#open()).serve(name, handler, options);
  }

  async send(target: string, message: Payload, options?: StreamOptions): Promise<Payload> {
    return (await this.#open()).send(target, message, options);
  }

  async *stream(
    target: string,
    messages: Messages,
    options?: StreamOptions,
  ): AsyncGenerator<Payload, void, undefined> {
    yield* (await this.#open()).stream(target, messages, options);
  }

  publish(subject: string, data: Payload, options?: PublishOptions): number | undefined {
    if (this.#mesh) return this.#mesh.publish(subject, data, options);
    checkSubject(subject);
    this.#later(`publish ${subject}`, (mesh) => mesh.publish(subject, data, options));
    this.#need();
    return undefined;
  }

  /** The circuit does not fail where the mesh cannot be opened for this alone. */
  publishOwn(subject: string, data: Payload, options?: PublishOptions): void {
    if (this.#mesh) {
      this.#mesh.publishOwn(subject, data, options);
      return;
    }
    this.#later(`publish ${subject}`, (mesh) => mesh.publishOwn(subject, data, options));
    this.#open().catch((reason: unknown) => this.#options.notice(describeThrown(reason)));
  }

  subscribe(pattern: string, handler: EventHandler, options?: SubscribeOptions): Subscription {
    if (this.#mesh) return this.#mesh.subscribe(pattern, handler, options);
    options?.signal?.throwIfAborted();
    checkPattern(pattern);
    let isClosed = false;
    let subscription: Subscription | undefined;
    this.#later(`listen to ${pattern}`, (mesh) => {
      if (!isClosed && options?.signal?.aborted !== true)
        subscription = mesh.subscribe(pattern, handler, options);
    });
    this.#need();
    return {
      pattern,
      close() {
        isClosed = true;
        subscription?.close();
      },
    };
  }

  /** The mesh itself, which is opened where it is not. */
  opened(): Promise<Mesh> {
    return this.#open();
  }

  async join(): Promise<number> {
    return (await this.#open()).join();
  }

  counts(): MeshCounts {
    return this.#mesh?.counts() ?? { nodes: [], peers: [], events: sumEvents([]) };
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#isClosed = true;
    // Where it could not be opened, whoever needed it has been told.
    const mesh = await opening?.catch(() => undefined);
    await mesh?.close();
  }

  #later(what: string, act: (mesh: Mesh) => void): void {
    if (this.#isClosed) throw meshClosed(what);
    if (this.#waiting.length >= MOST_WAITING)
      throw new CircuitError(
        "NOT_RUN",
        `Cannot ${what}: the mesh is not open yet, and ${MOST_WAITING} wait already`,
        { hint: "Give the flow a source that waits, or see that the mesh can be reached." },
      );
    this.#waiting.push(act);
  }

  #need(): void {
    this.#open().catch(this.#options.failed);
  }

  #open(): Promise<Mesh> {
    if (this.#mesh) return Promise.resolve(this.#mesh);
    if (this.#isClosed) return Promise.reject(meshClosed("join the mesh"));
    this.#opening ??= this.#begin();
    return this.#opening;
  }

  async #begin(): Promise<Mesh> {
    const mesh = await this.#options.open();
    this.#mesh = mesh;
    for (const act of this.#waiting.drain()) {
      try {
        act(mesh);
      } catch (problem) {
        // Whoever asked for it has gone on.
        this.#options.notice(describeThrown(problem));
      }
    }
    return mesh;
  }
}

function meshClosed(what: string): CircuitError {
  return new CircuitError("PEER_LOST", `Cannot ${what}: this process's mesh has been closed`);
}
