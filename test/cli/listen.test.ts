import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { circuit, startCircuit } from "./cli.js";

const LISTENS = /^Listening to .* on the nodes of this machine$/;

describe("circuit listen and send, without a broker", { concurrency: 2 }, () => {
  test("meet, though nobody serves a node", async (context) => {
    const listener = startCircuit(context, ["listen", "--count", "4"]);
    await listener.said(LISTENS);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "bytes"), Uint8Array.of(0xff, 0));
    for (const args of [
      ["a \u001b[31mred\u202eline\nand more"],
      ["--on", "button.pressed", '{"a": [1, "\\u001b"]}', "--json", "--header", "Room: 7"],
      ["--file", "bytes", "--on", "raw"],
    ]) {
      const { code, stdout, stderr } = await circuit(context, ["send", ...args], { folder });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /1 process was listening$|"listeners":1/m);
    }
    await circuit(context, ["send", "last", "--quiet"]);
    const { code, stdout } = await listener.ended();
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n");
    assert.match(
      lines[0] ?? "",
      /^\d\d:\d\d:\d\d\.\d{3} {2}some_event {2}a \\u\{1b\}\[31mred\\u\{202e\}line\\nand more$/,
    );
    assert.match(lines[1] ?? "", / {2}button\.pressed {2}\{"a":\[1,"\\u001b"\]\} {2}\[Room: 7\]$/);
    assert.match(lines[2] ?? "", / {2}raw {2}\/wA=$/);
    assert.equal(lines.length, 4);
  });

  test("print a line of JSON for each event", async (context) => {
    const listener = startCircuit(context, [
      "listen",
      "--json",
      "--count",
      "3",
      "--on",
      "a.*",
      "--on",
      "a.>",
    ]);
    await listener.said(LISTENS);
    const folder = temporaryFolder();
    writeFileSync(join(folder, "bytes"), Uint8Array.of(0xff, 0));
    await circuit(context, ["send", "text\n", "--on", "a.b", "--header", "Room: 7"]);
    await circuit(context, ["send", "--json", "[1]", "--on", "a.b.c"]);
    await circuit(context, ["send", "--file", "bytes", "--on", "a.b"], { folder });
    const { stdout } = await listener.ended();
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const since = Date.now() - 60_000;
    for (const { at } of events) assert.ok(Date.parse(at) > since, at);
    assert.deepEqual(
      events.map(({ subject, data, type, headers }) => [subject, data, type, headers]),
      [
        ["a.b", "text\n", "text", { Room: "7" }],
        ["a.b.c", [1], "json", {}],
        ["a.b", "/wA=", "bytes", {}],
      ],
    );
  });

  test("carry each line that is piped in, in order, whole", async (context) => {
    const listener = startCircuit(context, ["listen", "--quiet", "--count", "5000"]);
    await listener.said(LISTENS);
    const lines = Array.from({ length: 5_000 }, (_, at) => `${at} ${"x".repeat(at % 100)}`);
    const sent = await circuit(context, ["send"], { input: lines.join("\n") });
    assert.match(sent.stdout, /^Sent 5000 events to some_event: 1 process was listening$/m);
    const { code, stdout } = await listener.ended();
    assert.equal(code, 0);
    assert.deepEqual(stdout.trimEnd().split("\n"), lines);
  });

  test("are seen by circuit nodes as what takes events only", async (context) => {
    const listener = startCircuit(context, ["listen"]);
    await listener.said(LISTENS);
    const { stdout } = await circuit(context, ["nodes"]);
    assert.match(stdout, /^listen-[0-9a-f]{8} +ws:\/\/\S+ +- +- +events +local /m);
    const refused = await circuit(context, ["run", "--timeout", "1"], {});
    assert.equal(refused.code, 0, refused.stderr);
  });

  test("end by a reader that goes away, without a word", async (context) => {
    const listener = startCircuit(context, ["listen", "--quiet"]);
    await listener.said(LISTENS);
    const sender = startCircuit(context, ["send", "--count", "0", "--rate", "200", "x"]);
    await listener.said(/(?:x\n){50}/);
    listener.closeStdout();
    const { stderr } = await listener.ended();
    assert.doesNotMatch(stderr, /EPIPE|^\s+at |circuit:/m);
    sender.kill("SIGINT");
    const { code, stderr: told } = await sender.ended();
    assert.equal(code, 130);
    assert.match(told, /^Sent \d+ events to some_event before that$/m);
  });

  test("send waits for a listener where it is told to", async (context) => {
    const sender = startCircuit(context, ["send", "at last", "--wait"]);
    const listener = startCircuit(context, ["listen", "--quiet", "--count", "1"]);
    assert.equal((await listener.ended()).stdout, "at last\n");
    assert.match((await sender.ended()).stdout, /: 1 process was listening$/m);
  });

  test("a node of a circuit that asks for credentials refuses who has none", async (context) => {
    const folder = temporaryFolder();
    const write = (name: string, secrets: object) => {
      writeFileSync(join(folder, name), JSON.stringify(secrets), { mode: 0o600 });
      return { CIRCUIT_CREDENTIALS: name };
    };
    const both = write("both.json", { listen: "listen-listen-listen", send: "send-send-send-send" });
    const listener = startCircuit(context, ["listen", "--quiet"], { folder, env: both });
    await listener.said(LISTENS);
    const wrong = write("wrong.json", { listen: "listen-listen-listen", send: "another-send-send" });
    const refused = await circuit(context, ["send", "no"], { folder, env: wrong });
    assert.equal(refused.code, 77, refused.stdout);
    assert.match(refused.stderr, /^circuit: Cannot reach listen: it refuses: the proof is wrong$/m);
    await listener.said(/^listen refused .*"send": the proof is wrong$/);
    assert.equal((await circuit(context, ["send", "yes"], { folder, env: both })).code, 0);
    await listener.said(/^yes$/);
    assert.equal(listener.stdout, "yes\n");
    const other = write("other.json", { send: "send-send-send-send" });
    const unknown = await circuit(context, ["listen"], { folder, env: other });
    assert.equal(unknown.code, 78);
    assert.match(unknown.stderr, /Cannot serve listen: the credentials have none of that name/);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`listen ends by ${signal}`, async (context) => {
      const listener = startCircuit(context, ["listen"]);
      await listener.said(LISTENS);
      listener.kill(signal);
      const { code, stderr } = await listener.ended();
      assert.equal(code, signal === "SIGINT" ? 130 : 143);
      assert.doesNotMatch(stderr, /circuit:/);
    });
  }

  test("send ends by SIGINT while it reads what does not come", async (context) => {
    const sender = startCircuit(context, ["send"], { input: "one\n", keepsInput: true });
    const listener = startCircuit(context, ["listen", "--timeout", "0.2"]);
    assert.equal((await listener.ended()).code, 69);
    sender.kill("SIGINT");
    assert.equal((await sender.ended()).code, 130);
  });
});

describe("circuit listen and send refuse", { concurrency: 2 }, () => {
  for (const [args, code, said] of [
    [["send", "x", "--on", "circuit.errors.a"], 2, /not for users/],
    [["send", "x", "--on", "a.*"], 2, /for those who listen/],
    [["send", "x", "--header", "Room"], 2, /not NAME: VALUE/],
    [["send", "x", "--header", "Circuit-Type: json"], 2, /not for users/],
    [["send", "{", "--json"], 65, /it is no JSON/],
    [["send", "x".repeat(65_537)], 65, /65537 bytes of at most 65536/],
    [["send", "--file", "missing"], 74, /there is no such file/],
    [["send", "x", "--file", "y"], 2, /both a message and a file/],
    [["send", "x", "--rate", "0"], 2, /--rate 0: it must be a number/],
    [["send", "--again", "1", "--durable"], 2, /--again and --durable together/],
    [["send", "x", "--again", "1"], 2, /--again and a message together/],
    [["send", "--again", "1", "--on", "a"], 2, /--again and --on together/],
    [["send", "--again", "1", "--header", "A: b"], 2, /--again and --header together/],
    [["send", "--count", "2"], 2, /each line of the standard input is sent once/],
    [["send", "x", "--wait", "0.1"], 69, /nobody listens after 100 ms/],
    [["send", "x", "--durable"], 69, /the nodes of this machine keep no events/],
    [["listen", "--on", "a..b"], 2, /nothing between two dots/],
    [["listen", "--durable", "me"], 2, /it takes one subject/],
    [["listen", "--parallel", "2"], 2, /--parallel: it says something with --exec only/],
    [["listen", "--exec-timeout", "2"], 2, /--exec-timeout: it says something with --exec only/],
    [["listen", "--no-follow"], 2, /--no-follow: it says something with --dead only/],
    [["listen", "--retries", "1"], 2, /--retries: it says something with --durable only/],
    [["listen", "--queue", "a.b"], 2, /the queue "a\.b": a name has/],
    [["listen", "--durable", "a b", "--on", "a"], 2, /the listener "a b": a name has/],
    [["events", "--forget", "a b"], 2, /the listener "a b": a name has/],
    [["events", "--forget", "a", "--watch"], 2, /--forget and --watch together/],
    [["listen", "--dead", "--exec", "true"], 2, /--dead and --exec together/],
    [["listen", "--dead"], 69, /the nodes of this machine keep no events/],
    [["listen", "--durable", "me", "--on", "a"], 69, /the nodes of this machine keep no events/],
    [["listen", "--timeout", "0.1"], 69, /nothing came for 100 ms/],
    [["events"], 69, /the nodes of this machine keep no events/],
  ] as const) {
    test(`${args.map((arg) => arg.slice(0, 30)).join(" ")}: ${code}`, async (context) => {
      const ended = await circuit(context, args);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, said);
      assert.equal(ended.stdout, "");
    });
  }

  test("a line that is too long, after those before it", async (context) => {
    const input = `one\ntwo\n${"x".repeat(70_000)}`;
    const { code, stderr } = await circuit(context, ["send"], { input });
    assert.equal(code, 65);
    assert.match(stderr, /^Sent 2 events to some_event before that$/m);
    assert.match(stderr, /^circuit: Cannot send line 3: it has more than 65536 bytes$/m);
  });
});
