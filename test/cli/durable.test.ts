import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { skipWithoutNats, startNats } from "../mesh/nats-server.js";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

async function serve(context: TestContext) {
  const server = await startNats({ args: ["-js", "-sd", temporaryFolder()] });
  context.after(() => server.kill());
  return { CIRCUIT_MESH: server.url };
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
    const second = await circuit(context, [...listen, "--count", "3"], { env });
    assert.equal(second.stdout, "1\n2\n3\n");
    const unkept = await circuit(context, ["send", "--durable", "--on", "other", "x"], { env });
    assert.equal(unkept.code, 69);
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
    const again = await circuit(context, ["send", "--again", String(event.number)], { env });
    assert.equal(again.code, 0, again.stderr);
    const args = ["listen", "--durable", "me", "--on", "job.a", "--quiet", "--count", "1"];
    assert.equal((await circuit(context, args, { env })).stdout, "x\n");
  });
});
