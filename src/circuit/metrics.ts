import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from "prom-client";
import { BUCKET_ENDS_MS, type Histogram } from "../core/histogram.js";
import type { ObserverTally } from "../events/tallies.js";
import type { NodeCounts, PeerCounts } from "../mesh/counts.js";
import type { EventCounts } from "../mesh/event-tally.js";
import { isAway, type OpenBoard } from "./boards.js";
import type { PageSources } from "./pages.js";

/** One row: what a figure is called, what it tells, and how it is had from one of what it is told of. */
interface Row<Subject> {
  readonly kind: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  readonly of: (subject: Subject) => number;
}

const NODE_ROWS: readonly Row<NodeCounts>[] = [
  counter("messages", "Messages that a node received, each once", ({ received }) => received.messages),
  counter("acks", "Messages that a node acknowledged", ({ received }) => received.acks),
  counter(
    "repeats",
    "Messages that came again after a broken link, and did not run again",
    ({ received }) => received.repeats,
  ),
  counter(
    "turned_away",
    "Times that a node refused messages because it leaves, or some before them had not come",
    ({ received }) => received.turnedAway,
  ),
  gauge("running", "Messages whose handler runs", ({ running }) => running),
  gauge("waiting", "Messages that have not begun", ({ waiting }) => waiting),
  gauge("held", "Messages whose ack its sender has not confirmed", ({ held }) => held),
  gauge("kept_sessions", "Sessions of senders whose link broke", ({ keptSessions }) => keptSessions),
];

const PEER_ROWS: readonly Row<PeerCounts>[] = [
  counter("sent_messages", "Messages that were sent to a peer, each once", ({ sent }) => sent.messages),
  counter("sent_acks", "Messages to a peer that it acknowledged", ({ sent }) => sent.acks),
  counter(
    "sent_repeats",
    "Messages that were sent again, after a broken link or to a successor",
    ({ sent }) => sent.repeats,
  ),
  gauge("sent_outstanding", "Messages under way to a peer", ({ outstanding }) => outstanding),
  gauge("sent_window", "Messages that may be under way to a peer", ({ window }) => window),
  gauge("sent_queued", "Messages that wait for a link, or for room on it", ({ queued }) => queued),
  gauge("peer_connected", "Whether there is a link to a peer", ({ isConnected }) => Number(isConnected)),
];

const EVENT_ROWS: readonly Row<EventCounts>[] = [
  counter("events_published", "Events that were published here", ({ published }) => published),
  counter("events_received", "Events that somebody here listens to", ({ received }) => received),
  counter(
    "events_dropped",
    "Events that a peer took too slowly, or that had no server, once for each",
    ({ dropped }) => dropped,
  ),
  counter(
    "events_forgotten",
    "Last events of subjects that are kept no more, because there are too many",
    ({ forgotten }) => forgotten,
  ),
];

const OBSERVER_ROWS: readonly Row<Readonly<ObserverTally>>[] = [
  counter("observer_handled", "Events that an observer has reacted to", ({ handled }) => handled),
  counter(
    "observer_failed",
    "Events that an observer has not reacted to after its retries, or that did not fit",
    ({ failed }) => failed,
  ),
  counter(
    "observer_dropped",
    "Events that came while too many waited for an observer, or waited at its end",
    ({ dropped }) => dropped,
  ),
];

const BOARD_ROWS: readonly Row<OpenBoard>[] = [
  counter(
    "board_restored",
    "How often a board was gone, or had started anew, and got its pins back",
    ({ session }) => session.counts().restored,
  ),
  gauge(
    "board_outbox_writes",
    "Digital writes and queries that a board has not answered",
    ({ session }) => session.counts().unconfirmed,
  ),
  gauge(
    "board_outbox_bytes",
    "Bytes that have not reached a board, by the speed of its wire",
    ({ session }) => session.counts().unsentBytes,
  ),
  gauge(
    "board_outbox_queued",
    "Messages to a board that wait for room on its wire",
    ({ session }) => session.counts().queued,
  ),
  gauge(
    "board_outbox_oldest_seconds",
    "How long the oldest message has waited for room on a board's wire",
    ({ session }) => session.counts().oldestQueuedMs / 1_000,
  ),
  counter(
    "board_superseded",
    "Values never sent to a board, because a later one had come before its wire had room",
    ({ session }) => session.counts().superseded,
  ),
  counter(
    "board_missed",
    "Messages that a board missed while it was away, and is not told again",
    ({ session }) => session.counts().missed,
  ),
  counter("board_writes", "Digital writes to a board", ({ session }) => session.counts().writes),
  counter(
    "board_redundant",
    "Messages to a board that would have changed nothing",
    ({ session }) => session.counts().redundant,
  ),
  counter(
    "board_discarded_bytes",
    "Bytes from a board that were in no Firmata message",
    ({ session }) => session.counts().discardedBytes,
  ),
];

/** The process itself. Made once: some of it listens to the engine from then on. */
let processRegistry: Registry | undefined;

/** A scrape that is being made, for all who ask meanwhile. */
let rendering: Promise<{ readonly contentType: string; readonly text: string }> | undefined;

/** All figures, in the format of Prometheus. */
export function renderMetrics(
  sources: PageSources,
): Promise<{ readonly contentType: string; readonly text: string }> {
  rendering ??= render(sources).finally(() => {
    rendering = undefined;
  });
  return rendering;
}

async function render({ counts, boards, absent, observed }: PageSources) {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  const registry = new Registry();
  const { nodes, peers, events } = counts();
  addRows(registry, NODE_ROWS, nodes, ({ node }) => ({ node }));
  addNodes(registry, nodes);
  addRows(registry, PEER_ROWS, peers, ({ peer }) => ({ peer }));
  addPeers(registry, peers);
  addRows(registry, EVENT_ROWS, [events], () => ({}));
  addRows(registry, OBSERVER_ROWS, observed?.() ?? [], ({ node, pattern }) => ({ node, observer: pattern }));
  const up = [...boards.values()].map((board) => {
    const { name, session } = board;
    return [{ board: name, address: session.address }, Number(!isAway(board))] as const;
  });
  const down = (absent?.() ?? []).map(({ board, address }) => [{ board, address }, 0] as const);
  const samples = [...up, ...down];
  add(registry, { kind: "gauge", name: "circuit_board_up", help: "Whether a board is there", samples });
  addRows(registry, BOARD_ROWS, [...boards.values()], ({ name, session }) => ({
    board: name,
    address: session.address,
  }));
  const texts = await Promise.all([registry.metrics(), processRegistry.metrics()]);
  return { contentType: registry.contentType, text: texts.join("\n") };
}

type Labels = Readonly<Record<string, string>>;

function addRows<Subject>(
  registry: Registry,
  rows: readonly Row<Subject>[],
  subjects: readonly Subject[],
  labelsOf: (subject: Subject) => Labels,
): void {
  for (const { kind, name, help, of } of rows) {
    const samples = subjects.map((subject) => [labelsOf(subject), of(subject)] as const);
    add(registry, { kind, name, help, samples });
  }
}

function addNodes(registry: Registry, nodes: readonly NodeCounts[]): void {
  add(registry, {
    kind: "counter",
    name: "circuit_failures_total",
    help: "Messages that a node did not acknowledge, by why",
    samples: nodes.flatMap(({ node, received }) =>
      [...received.failures].map(([code, count]) => [{ node, code }, count] as const),
    ),
  });
  add(registry, {
    kind: "counter",
    name: "circuit_refused_connections_total",
    help: "Connections that a node did not let in, by status",
    samples: nodes.flatMap(({ node, refusedConnections }) =>
      [...refusedConnections].map(([status, count]) => [{ node, status }, count] as const),
    ),
  });
  add(registry, {
    kind: "gauge",
    name: "circuit_connections",
    help: "Connections to a node, by protocol",
    samples: nodes.flatMap(({ node, framedLinks, plainLinks }) => [
      [{ node, protocol: "circuit.1" }, framedLinks] as const,
      [{ node, protocol: "plain" }, plainLinks] as const,
    ]),
  });
  addHistogram(registry, {
    name: "circuit_handler_seconds",
    help: "Time that handlers take: of the messages that come together, the first",
    samples: nodes.map(({ node, received }) => [{ node }, received.handlerMs] as const),
  });
}

function addPeers(registry: Registry, peers: readonly PeerCounts[]): void {
  add(registry, {
    kind: "counter",
    name: "circuit_sent_failures_total",
    help: "Messages to a peer that have no ack, by the error's code",
    samples: peers.flatMap(({ peer, sent }) =>
      [...sent.failures].map(([code, count]) => [{ peer, code }, count] as const),
    ),
  });
  addHistogram(registry, {
    name: "circuit_ack_seconds",
    help: "Time from sending a message to its ack, of one message at a time",
    samples: peers.map(({ peer, sent }) => [{ peer }, sent.ackMs] as const),
  });
}

function counter<Subject>(name: string, help: string, of: Row<Subject>["of"]): Row<Subject> {
  return { kind: "counter", name: `circuit_${name}_total`, help, of };
}

function gauge<Subject>(name: string, help: string, of: Row<Subject>["of"]): Row<Subject> {
  return { kind: "gauge", name: `circuit_${name}`, help, of };
}

interface Figure<Value> {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: Value])[];
}

function add(
  registry: Registry,
  { kind, name, help, samples }: Figure<number> & { readonly kind: "counter" | "gauge" },
): void {
  const labelNames = Object.keys(samples[0]?.[0] ?? {});
  const options = { name, help, labelNames, registers: [registry] };
  const metric = kind === "counter" ? new Counter(options) : new Gauge(options);
  for (const [labels, value] of samples) metric.inc(labels, value);
}

/** The library's own histogram counts what it is shown one by one; ours has been counted already. */
function addHistogram(registry: Registry, { name, help, samples }: Figure<Histogram>): void {
  const get = async () => ({
    name,
    help,
    type: "histogram",
    values: samples.flatMap(([labels, histogram]) => bucketsOf(name, labels, histogram)),
  });
  // The cast: of a metric that has been counted, a registry asks its name and what it has.
  registry.registerMetric({ name, get } as unknown as Metric);
}

function bucketsOf(name: string, labels: Labels, { counts, sumMs }: Histogram) {
  let soFar = 0;
  const buckets = counts.map((count, bucket) => {
    soFar += count;
    const endMs = BUCKET_ENDS_MS[bucket];
    const le = endMs === undefined ? "+Inf" : endMs / 1_000;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: soFar };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumMs / 1_000 },
    { metricName: `${name}_count`, labels, value: soFar },
  ];
}
