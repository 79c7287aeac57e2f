import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import type { ManualClock } from "../../../src/core/manual-clock.js";
import { type RestOptions, rest } from "../../../src/flow/sources/rest.js";
import { turns } from "../../contract/waiting.js";
import { nobody, serveHttp } from "../http-server.js";
import { bench, reader, until } from "../source-context.js";

const START_MS = Date.UTC(2026, 0, 31, 12, 0, 3);
const MINUTE_MS = 60_000;

function scene<Content = unknown>(url: string, options: Partial<RestOptions<Content>> = {}) {
  const { context, clock, logged, stop } = bench();
  const wall = () => START_MS + clock.now();
  const source = rest<Content>(url, { everyMs: MINUTE_MS, timeoutMs: 3_600_000, wall, ...options });
  return { items: reader(source(context)), clock, logged, stop };
}

test("rest() asks at once and then at each full minute", async (t) => {
  let asked = 0;
  const url = await serveHttp(t, (_, response) => {
    response.setHeader("Date", "Sat, 31 Jan 2026 13:00:05 GMT");
    response.end(`{"price": ${++asked}}`);
  });
  const { items, clock, stop } = scene(`${url}/price?key=secret`);
  const first = await items.next();
  assert.deepEqual(first, {
    content: { price: 1 },
    status: 200,
    atMs: START_MS,
    date: "2026-01-31T13:00:05.000Z",
    etag: undefined,
    missed: 0,
  });
  for (const minute of [1, 2, 3]) {
    const next = items.next();
    await turns();
    assert.equal(asked, minute);
    clock.advance(minute === 1 ? MINUTE_MS - 3_000 : MINUTE_MS);
    const { atMs, content } = await next;
    assert.equal(atMs, Date.UTC(2026, 0, 31, 12, minute));
    assert.deepEqual(content, { price: minute + 1 });
  }
  stop();
  assert.deepEqual(await items.rest(), []);
});

for (const [date, wanted] of [
  ["Sat, 31 Jan 2026 23:59:59 GMT", "2026-01-31T23:59:59.000Z"],
  ["Sat, 31 Jan 2026 23:59:59 +0200", "2026-01-31T21:59:59.000Z"],
  ["half past three", undefined],
] as const) {
  test(`rest() keeps the server's date "${date}" in UTC, whatever the host's zone`, async (t) => {
    const zone = process.env.TZ;
    process.env.TZ = "America/New_York";
    t.after(() => {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    });
    const url = await serveHttp(t, (_, response) => {
      response.setHeader("Date", date);
      response.end("{}");
    });
    const { items } = scene(url);
    assert.equal((await items.next()).date, wanted);
    await items.leave();
  });
}

test("rest() yields nothing where nothing has changed", async (t) => {
  const tags = ['"one"', '"one"', '"one"', '"two"'];
  const heard: (string | undefined)[] = [];
  const url = await serveHttp(t, (request, response) => {
    const etag = tags[heard.push(request.headers["if-none-match"]) - 1] ?? "";
    response.setHeader("ETag", etag);
    response.statusCode = request.headers["if-none-match"] === etag ? 304 : 200;
    response.end(response.statusCode === 304 ? undefined : JSON.stringify(etag));
  });
  const { items, clock } = scene(url);
  assert.equal((await items.next()).etag, '"one"');
  assert.equal((await passing(clock, items.next())).content, '"two"');
  assert.deepEqual(heard, [undefined, '"one"', '"one"', '"one"']);
  await items.leave();
});

test("rest() waits longer after each failure, and is on the grid again after a success", async (t) => {
  const statuses = [500, 503, 200, 200];
  let asked = 0;
  const url = await serveHttp(t, (_, response) => {
    response.statusCode = statuses[asked++] ?? 0;
    response.end("[]");
  });
  const { items, clock, logged } = scene(`${url}/?key=secret`);
  const next = items.next();
  for (const [failures, waitMs] of [
    [1, 1_000],
    [2, 2_000],
  ] as const) {
    await until(() => logged.length === failures, `${failures} have failed`);
    clock.advance(waitMs - 1);
    await turns();
    assert.equal(asked, failures, "it was asked too early");
    clock.advance(1);
  }
  assert.equal((await next).atMs, START_MS + 3_000);
  assert.deepEqual(logged, [
    `Cannot GET ${url}/: it answered with status 500; trying again in 1000 ms`,
    `Cannot GET ${url}/: it answered with status 503; trying again in 2000 ms`,
    `${url}/ answers again`,
  ]);
  const later = items.next();
  await turns();
  clock.advance(54_000);
  assert.equal((await later).atMs, Date.UTC(2026, 0, 31, 12, 1));
});

const never = () => {};
for (const [what, answer, options, code, problem] of [
  ["a status", status(404), {}, "PEER_REFUSED", "it answered with status 404"],
  ["a 304 that nobody asked for", status(304), {}, "PEER_REFUSED", "it answered with status 304"],
  [
    "what is no JSON",
    text("<html>"),
    {},
    "MESSAGE_INVALID",
    /its content is not what was expected: Unexpected/,
  ],
  [
    "content that a check refuses",
    text("{}"),
    { check: refuse },
    "MESSAGE_INVALID",
    "its content is not what was expected: no price",
  ],
  ["silence", never, { timeoutMs: 2_000 }, "TIMEOUT", "no whole answer in 2000 ms"],
  [
    "an answer that stops half way",
    (response: ServerResponse) => response.write("["),
    { timeoutMs: 2_000 },
    "TIMEOUT",
    "no whole answer in 2000 ms",
  ],
  ["a connection that breaks", (response: ServerResponse) => response.destroy(), {}, "PEER_MISSING", /./],
] as const) {
  test(`rest() fails with ${what}, the third time in a row`, async (t) => {
    let asked = 0;
    const url = await serveHttp(t, (_, response) => {
      asked++;
      answer(response);
    });
    const { items, clock, logged } = scene(url, { failAfter: 3, ...options });
    const error = await passing(clock, items.next()).then(Boolean, (thrown) => thrown);
    assert.equal(error.code, code);
    assert.match(error.message, /3 tries in a row have failed, the last one with "/);
    const last: string = error.cause.message;
    if (typeof problem === "string") assert.equal(last, `Cannot GET ${url}: ${problem}`);
    else assert.match(last, problem);
    assert.equal(asked, 3);
    assert.equal(logged.length, 2);
  });
}

test("rest() fails where nobody listens", async () => {
  const url = await nobody();
  const { items } = scene(url, { failAfter: 1 });
  await assert.rejects(items.next(), {
    code: "PEER_MISSING",
    message: `Cannot GET ${url}: nobody listens there`,
  });
});

test("rest() never has two requests under way, and counts the ticks that it left out", async (t) => {
  const waiting: ServerResponse[] = [];
  const url = await serveHttp(t, (_, response) => waiting.push(response));
  const { items, clock } = scene(url);
  const first = items.next();
  await until(() => waiting.length === 1, "it has asked");
  clock.advance(5 * MINUTE_MS);
  await turns();
  assert.equal(waiting.length, 1);
  waiting.pop()?.end("1");
  await first;
  const second = items.next();
  await turns();
  clock.advance(MINUTE_MS);
  await until(() => waiting.length === 1, "it has asked again");
  waiting.pop()?.end("2");
  assert.deepEqual((await second).content, 2);
});

test("rest() overlaps where it is asked to, and no further", async (t) => {
  const waiting: ServerResponse[] = [];
  const url = await serveHttp(t, (_, response) => waiting.push(response));
  const { items, clock, stop } = scene(url, { mostAtOnce: 2 });
  const rest = items.rest();
  await until(() => waiting.length === 1, "it has asked");
  for (let minute = 0; minute < 4; minute++) {
    clock.advance(MINUTE_MS);
    await turns();
  }
  await until(() => waiting.length === 2, "it has asked twice");
  await turns();
  assert.equal(waiting.length, 2);
  waiting[1]?.end('"second"');
  waiting[0]?.end('"first"');
  await until(() => clock.pending === 1, "both have been answered and it waits for a tick");
  stop();
  assert.deepEqual((await rest).map(({ content }) => content).sort(), ["first", "second"]);
});

test("rest() sends what it is given, and takes a text as it is", async (t) => {
  const url = await serveHttp(t, ({ method, headers }, response, body) => {
    response.end(`${method} ${headers.authorization} ${body}`);
  });
  const { items } = scene(url, {
    method: "POST",
    headers: { Authorization: "Bearer x" },
    body: "?",
    as: "text",
  });
  assert.equal((await items.next()).content, "POST Bearer x ?");
});

test("rest() that is stopped leaves no request", async (t) => {
  let isAsked = false;
  let isGone = false;
  const url = await serveHttp(t, (_, response) => {
    isAsked = true;
    response.on("close", () => {
      isGone = true;
    });
  });
  const { items, clock, stop } = scene(url);
  const rest = items.rest();
  await until(() => isAsked, "it has asked");
  stop();
  assert.deepEqual(await rest, []);
  await until(() => isGone, "the server has lost its client");
  assert.equal(clock.pending, 0);
});

/** Lets time pass, some of it in each turn of the event loop, until there is a result. */
async function passing<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  work.then(done, done);
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10);
  }
  return work;
}

function status(code: number) {
  return (response: ServerResponse) => {
    response.statusCode = code;
    response.end();
  };
}

function text(body: string) {
  return (response: ServerResponse) => response.end(body);
}

function refuse(): never {
  throw new Error("no price");
}
