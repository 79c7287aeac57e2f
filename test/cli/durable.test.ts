import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type NatsServer, skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

async function startServer(context: TestContext, port?: number): Promise<NatsServer> {
  const args = ["-js", "-sd", temporaryFolder()];
  const server = await startNats({ args, ...(port !== undefined && { port }) });
  context.after(() => server.kill());
  return server;
}

async function serve(context: TestContext) {
  return { CIRCUIT_MESH: (await startServer(context)).url };
}

/** A time as ISO 8601 has it, of this minute. */
function checkRecent(at: string): void {
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000, at);
}

describe("circuit listen --durable and send --durable", { concurrency: 2, skip: skipWithoutNats }, () => {
  test("keep what was sent while nobody listened", async (context) => {
    const env = await serve(context);
    const listen = ["listen", "--durable", "me", "--on", "job.>", "--quiet"];
    const first = startCircuit(context, listen, { env });
    await first.said(/^Listening/);
    first.kill("SIGINT");
    assert.equal((await first.ended()).code, 130);
    const sent = await circuit(context, ["send", "--durable", "--on", "job.a"], { env, input: "1\n2\n3\n" });
    assert.equal(sent.code, 0, sent.stderr);
    assert.match(sent.stdout, /^Sent 3 events to job\.a: the last is 3 of \S+$/m);
    const lag = await circuit(context, ["events"], { env });
    assert.match(lag.stdout, /^STREAM +SUBJECTS +EVENTS +BYTES +LISTENER +PATTERN +LAG/m);
    assert.match(lag.stdout, /^\S+ +\S+ +3 +\d+ +me +job\.> +3 +0 +0$/m);
    const second = await circuit(context, [...listen, "--count", "2"], { env });
    assert.equal(second.stdout, "1\n2\n");
    const third = ["listen", "--durable", "me", "--on", "job.>", "--json", "--count", "1"];
    const { data, at } = JSON.parse((await circuit(context, third, { env })).stdout);
    assert.equal(data, "3");
    checkRecent(at);
    const forgotten = await circuit(context, ["events", "--forget", "me"], { env });
    assert.deepEqual([forgotten.code, forgotten.stdout], [0, "Forgot me and its place\n"]);
    const unknown = await circuit(context, ["events", "--forget", "me"], { env });
    assert.equal(unknown.code, 69);
    assert.match(unknown.stderr, /^circuit: Cannot forget me: no durable listener has that name$/m);
    const unkept = await circuit(context, ["send", "--durable", "--on", "other", "x"], { env });
    assert.equal(unkept.code, 69);
  });

  test("are watched by circuit events while the server is away, too", async (context) => {
    const server = await startServer(context);
    const env = { CIRCUIT_MESH: server.url };
    const watching = startCircuit(context, ["events", "--watch"], { env });
    await watching.said(/^No streams\./);
    await server.kill();
    await watching.said(/^Cannot use NATS at .*; trying again$/);
    await startServer(context, server.port);
    await watching.said(/^NATS is there /);
    watching.kill("SIGINT");
    assert.equal((await watching.ended()).code, 130);
  });

  test("give an event up that a command refuses, and return it", async (context) => {
    const env = await serve(context);
    const refusing = startCircuit(
      context,
      ["listen", "--durable", "me", "--on", "job.a", "--exec", "exit 3", "--retries", "1"],
      { env },
    );
    await refusing.said(/^Listening/);
    await circuit(context, ["send", "--durable", "--on", "job.a", "x"], { env });
    await refusing.said(/it exited with 3$/);
    await refusing.said(/An event of job\.a was given up/);
    refusing.kill("SIGINT");
    await refusing.ended();
    const dead = await circuit(context, ["listen", "--dead", "--no-follow", "--json"], { env });
    const [event] = dead.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual([event.subject, event.data, event.consumer], ["job.a", "x", "me"]);
    for (const at of [event.at, event.diedAt]) checkRecent(at);
    const quiet = await circuit(context, ["listen", "--dead", "--no-follow", "--quiet"], { env });
    assert.equal(quiet.stdout, "x\n");
    const again = await circuit(context, ["send", "--again", String(event.number), "--json"], { env });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(again.stdout, `{"again":${event.number}}\n`);
    const args = ["listen", "--durable", "me", "--on", "job.a", "--quiet", "--count", "1"];
    assert.equal((await circuit(context, args, { env })).stdout, "x\n");
  });
});
