import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { temporaryFolder } from "../temporary-folder.js";
import { PYTHON, skipWithout } from "../tools.js";
import {
  circuit,
  type Ended,
  Running,
  type StartOptions,
  skipWithoutUnprivileged,
  startCircuit,
} from "./cli.js";
import { babbler, firmataDevice, skipWithoutSocat, tcpDevice, ttyDevice } from "./devices.js";

/** What a person is told of a board that cannot be used. */
interface Told {
  readonly message: RegExp;
  readonly hint: RegExp;
  readonly exitCode: number;
}

/** Longest time from the command to its end when a board cannot be used, in milliseconds. */
const LIMIT_MS = 6_000;

/** More for starting it, where other tests keep every core busy, in milliseconds: 150 on an idle machine. */
const START_MS = 8_000;

function assertTold(ended: Ended, { message, hint, exitCode }: Told): void {
  const lines = ended.stderr.trimEnd().split("\n");
  const [said = "", advice = ""] = lines.slice(-2);
  assert.match(said, /^circuit: Cannot /);
  assert.match(said, message);
  assert.match(advice, /^ {2}[A-Z].*[.)]$/);
  assert.match(advice, hint);
  assert.equal(ended.code, exitCode, ended.stderr);
  assert.ok(ended.durationMs < LIMIT_MS + START_MS, `took ${Math.round(ended.durationMs)} ms`);
  assert.doesNotMatch(ended.stderr, /^\s+at |UnhandledPromise|node:internal/m);
}

async function runOn(context: TestContext, board: string, options?: StartOptions): Promise<Ended> {
  return circuit(context, ["run", "--board", board, "-t", "1", "-d", "0", "--bit-ms", "0"], options);
}

// Most of these wait for a board that does not answer: they do so at the same time.
describe("circuit run", { concurrency: 4 }, () => {
  describe("on a path that is no board", { concurrency: 3 }, () => {
    const rows: readonly (readonly [string, string, Told])[] = [
      [
        "a missing port",
        "/dev/ttyNOPE",
        { message: /open \/dev\/ttyNOPE: there is no such port$/, hint: /circuit boards/, exitCode: 69 },
      ],
      [
        "a folder",
        "/tmp",
        { message: /open \/tmp: it is no serial port$/, hint: /circuit boards/, exitCode: 74 },
      ],
      [
        "a device that is no tty",
        "/dev/null",
        { message: /open \/dev\/null: it is no serial port$/, hint: /circuit boards/, exitCode: 74 },
      ],
      [
        "a closed TCP port",
        "tcp://127.0.0.1:1",
        {
          message: /connect to tcp:\/\/127\.0\.0\.1:1: nobody listens there$/,
          hint: /usually 3030/,
          exitCode: 69,
        },
      ],
    ];
    for (const [what, board, told] of rows) {
      test(what, async (context) => assertTold(await runOn(context, board), told));
    }

    test("auto where nothing is plugged in", async (context) => {
      const boards = await circuit(context, ["boards", "--quiet"]);
      if (boards.stdout !== "") return context.skip("unplug the boards of this machine");
      assertTold(await runOn(context, "auto"), {
        message: /none of \d+ serial ports looks like one$/,
        hint: /Plug the board in/,
        exitCode: 69,
      });
    });

    test("a regular file", async (context) => {
      const file = join(temporaryFolder(), "port");
      writeFileSync(file, "");
      assertTold(await runOn(context, file), {
        message: /it is no serial port$/,
        hint: /circuit boards/,
        exitCode: 74,
      });
    });
  });

  describe("on a port that it may not have", { concurrency: 3 }, () => {
    const skip = skipWithoutSocat || skipWithoutUnprivileged;
    const denied: Told = { message: /this user may not use it$/, hint: /usermod -aG dialout/, exitCode: 77 };
    const busy: Told = {
      message: /another program has it open$/,
      hint: /share one board .*`circuit run`/,
      exitCode: 75,
    };

    test("no permission", { skip }, async (context) => {
      const { path } = await ttyDevice(context, () => {});
      chmodSync(join(path, ".."), 0o755);
      chmodSync(path, 0o000);
      assertTold(await runOn(context, path, { unprivileged: true }), denied);
    });

    test("a folder on the way that may not be entered", { skip }, async (context) => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "closed"), { mode: 0o000 });
      assertTold(await runOn(context, join(folder, "closed", "tty"), { unprivileged: true }), denied);
    });

    const skipHold = skip || skipWithout("Python", PYTHON, ["--version"], "apt-get install python3");
    for (const how of ["flock(fd, fcntl.LOCK_EX)", "ioctl(fd, termios.TIOCEXCL)"]) {
      test(`locked by another program with ${how}`, { skip: skipHold }, async (context) => {
        const { path } = await ttyDevice(context, () => {});
        chmodSync(join(path, ".."), 0o755);
        chmodSync(path, 0o666);
        const holding = `import fcntl, os, sys, termios, signal
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
fcntl.${how}
print("held", flush=True)
signal.pause()`;
        const holder = new Running(context, [PYTHON, "-c", holding, path], { unprivileged: true });
        await holder.said(/held/);
        assertTold(await runOn(context, path, { unprivileged: true }), busy);
      });
    }

    test("open in another circuit, which goes on", { skip: skipWithoutSocat }, async (context) => {
      const { path } = await ttyDevice(context, firmataDevice().device);
      const first = startCircuit(context, ["run", "--board", path, "-t", "2", "-d", "2", "--bit-ms", "0"]);
      await first.said(/< acknowledged/);
      assertTold(await circuit(context, ["buzzer", "-p", "0", "--board", path]), busy);
      assert.equal((await first.ended()).code, 0);
    });
  });

  describe("on a tty whose board does not do as it should", {
    concurrency: 4,
    skip: skipWithoutSocat,
  }, () => {
    test("it is silent", async (context) => {
      const { path } = await ttyDevice(context, () => {});
      const ended = await runOn(context, path);
      assertTold(ended, {
        message: /it said nothing within 5\.\d s$/,
        hint: /^ {2}Flash StandardFirmata/,
        exitCode: 69,
      });
      assert.match(ended.stderr, /^board: waiting for an answer on /);
    });

    test("it babbles text", async (context) => {
      const { path } = await ttyDevice(context, babbler("Hello from my sketch\r\n"));
      assertTold(await runOn(context, path), {
        message: /it says "Hello from my sketch.*", which is not Firmata$/,
        hint: /runs another sketch/,
        exitCode: 69,
      });
    });

    test("its baud rate is another", async (context) => {
      // Bytes as they come when 115 200 baud are read at 57 600: bits in pairs, and stop bits in the wrong place.
      const garbage = Uint8Array.from(
        { length: 200 },
        (_, index) => [0x98, 0x86, 0x1e, 0xe6, 0x00, 0x80, 0x78, 0xfe][index % 8] ?? 0,
      );
      const { path } = await ttyDevice(context, babbler(garbage));
      assertTold(await runOn(context, path), {
        message: /\d+ bytes within 5\.\d s, none of them Firmata \(98 86 1e/,
        hint: /\?baud=115200/,
        exitCode: 69,
      });
    });

    test("it greets and then says nothing", async (context) => {
      const { path } = await ttyDevice(context, (socket) => {
        socket.once("data", () => socket.write(Uint8Array.of(0xf9, 2, 5)));
      });
      assertTold(await runOn(context, path), {
        message: /speaks Firmata 2\.5 but did not describe its pins within/,
        hint: /Flash StandardFirmata/,
        exitCode: 69,
      });
    });

    test("it hangs while it runs", async (context) => {
      const { mock, device } = firmataDevice({ firmware: "standard" });
      const { path } = await ttyDevice(context, device);
      const running = startCircuit(context, ["run", "--board", path, "-d", "0", "--bit-ms", "50", "-t", "0"]);
      await running.said(/< acknowledged/);
      mock.hang();
      const hungMs = performance.now();
      const ended = await running.ended();
      assert.match(ended.stderr, /circuit: Cannot .* the board did not answer within 1000 ms$/m);
      assert.ok(performance.now() - hungMs < LIMIT_MS);
    });

    test("it is unplugged while it runs: it is looked for until somebody stops", async (context) => {
      const { path, unplug } = await ttyDevice(context, firmataDevice().device);
      const running = startCircuit(context, ["run", "--board", path, "-t", "0", "-d", "0"]);
      await running.said(/< acknowledged/);
      unplug();
      await running.said(/any more: the port has gone; looking for it$/);
      running.kill("SIGINT");
      const { code, stderr } = await running.ended();
      assert.equal(code, 130, stderr);
      assert.match(stderr, /Cannot leave the pins of \S+ as they should be: the board is away$/m);
    });

    test("it is unplugged while it is asked what it is", async (context) => {
      const { path, unplug } = await ttyDevice(context, () => {});
      const running = startCircuit(context, ["run", "--board", path]);
      await running.said(/waiting for an answer/);
      unplug();
      assertTold(await running.ended(), {
        message: /any more: the port has gone/,
        hint: /Plug the cable/,
        exitCode: 74,
      });
    });

    test("it runs when all is well, whatever it says before", async (context) => {
      const { mock, device } = firmataDevice({ firmware: "standard" });
      const { path } = await ttyDevice(context, (socket) => {
        socket.write("boot loader\r\n\xff\xfe");
        device(socket);
      });
      const { code, stdout, stderr } = await runOn(context, path);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /1 tick, 1 ack, 3 confirmed writes/);
      assert.match(stderr, /StandardFirmata\.ino 2\.5, ready in \d+ ms/);
      assert.equal(mock.pin(13).value, 0);
    });
  });

  describe("on a board behind TCP", { concurrency: 4 }, () => {
    const hungUp: Told = {
      message: /at tcp:\/\/127\.0\.0\.1:\d+ any more: it hung up/,
      hint: /power and network/,
      exitCode: 74,
    };

    test("works", async (context) => {
      const { mock, device } = firmataDevice();
      const { port } = await tcpDevice(context, device);
      const { code, stdout } = await runOn(context, `tcp://127.0.0.1:${port}`);
      assert.equal(code, 0);
      assert.match(stdout, /1 tick, 1 ack, 3 confirmed writes/);
      assert.equal(mock.pin(13).value, 0);
    });

    test("that hangs up at once", async (context) => {
      const { port } = await tcpDevice(context, (socket) => socket.end());
      assertTold(await runOn(context, `tcp://127.0.0.1:${port}`), hungUp);
    });

    test("that hangs up while it runs, and takes the next connection", async (context) => {
      const { mock, device } = firmataDevice();
      const { port } = await tcpDevice(context, device);
      const address = `tcp://127.0.0.1:${port}`;
      const running = startCircuit(context, ["run", "--board", address, "-t", "0", "-d", "0"]);
      await running.said(/< acknowledged/);
      mock.unplug();
      await running.said(/any more: it hung up.*; looking for it$/);
      await running.said(/it is back after \d+\.\d s, and its pins are as they were$/);
      await running.said(/< acknowledged/);
      running.kill("SIGINT");
      assert.equal((await running.ended()).code, 130);
    });

    test("that is silent", async (context) => {
      const { port } = await tcpDevice(context, () => {});
      const ended = await runOn(context, `tcp://127.0.0.1:${port}`);
      assertTold(ended, {
        message: /it said nothing within 5\.\d s$/,
        hint: /Flash StandardFirmata/,
        exitCode: 69,
      });
    });

    const skip = skipWithout("Python", PYTHON, ["--version"], "apt-get install python3");
    test("that does not even take the connection", { skip }, async (context) => {
      // A listener whose queue is full: Linux lets further connections wait, as a machine that is switched off does.
      const full = `import signal, socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0)
clients = [socket.socket() for _ in range(4)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(listener.getsockname())
print("port", listener.getsockname()[1], flush=True)
signal.pause()`;
      const python = new Running(context, [PYTHON, "-c", full]);
      const [, port] = await python.said(/port (\d+)/);
      assertTold(await runOn(context, `tcp://127.0.0.1:${port}`), {
        message: /no answer within 5\.5 s$/,
        hint: /on this network/,
        exitCode: 69,
      });
    });
  });
});
