import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { WebSocket } from "ws";
import { temporaryFolder } from "../../temporary-folder.js";
import { Authority, type Issued, skipWithoutOpenssl } from "./certificates.js";
import { machine, refusal, secretsOf } from "./desk.js";
import { frameProxy, readJson } from "./frame-proxy.js";
import { HELLO } from "./framed-client.js";

const FROM = { from: "iopin" } as const;

/** A buzzer that shows a certificate, in files that a test may change. */
async function buzzer(context: TestContext) {
  const folder = temporaryFolder();
  const authority = new Authority(folder);
  const first = authority.issue("first");
  const [certificate, key] = [join(folder, "shown.pem"), join(folder, "shown.key")];
  const put = (issued: Pick<Issued, "certificate" | "key">) => {
    copyFileSync(issued.certificate, certificate);
    copyFileSync(issued.key, key);
    chmodSync(key, 0o600);
  };
  put(first);
  const there = await machine(context, secretsOf("iopin", "buzzer"), {
    safety: { tls: { certificate, key } },
  });
  const { addresses } = await there.mesh.serve("buzzer", ({ message }) => `buzz ${String(message)}`, {
    host: "127.0.0.1",
    port: 0,
  });
  const url = addresses[0] ?? "";
  const iopin = (address = url, trusted: string | undefined = authority.certificate) =>
    machine(context, secretsOf("iopin", "buzzer"), {
      grid: { buzzer: address },
      patienceMs: 300,
      ...(trusted !== "" && { safety: { tls: { authority: trusted } } }),
    });
  return { ...there, url, folder, authority, files: { certificate, key }, put, iopin };
}

/** Name of the certificate that is shown to whoever comes now. */
async function shownAt(context: TestContext, url: string, ca: Buffer): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", ca });
  context.after(() => socket.destroy());
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

describe("TLS", { skip: skipWithoutOpenssl, timeout: 30_000 }, () => {
  test("carries messages, in links that proofs are bound to", async (context) => {
    const { url, iopin, notices } = await buzzer(context);
    assert.match(url, /^wss:\/\/127\.0\.0\.1:\d+$/);
    const { mesh } = await iopin();
    assert.equal(await mesh.send("buzzer", "1", FROM), "buzz 1");
    assert.deepEqual(notices, []);
  });

  test("shows nothing to one who does not trust the authority", async (context) => {
    const { url, iopin, folder, notices } = await buzzer(context);
    const stranger = new Authority(folder, "stranger");
    for (const trusted of ["", stranger.certificate]) {
      const { mesh } = await iopin(url, trusted);
      const { code, text } = await refusal(mesh.send("buzzer", "1", FROM));
      assert.equal(code, "PEER_MISSING");
      assert.match(text, /unable to verify|self-signed|unable to get/);
    }
    assert.deepEqual(notices, []);
  });

  test("is found out when it ends on the way, even by one whom both trust", async (context) => {
    const { url, authority, iopin } = await buzzer(context);
    const between = await frameProxy(context, url, (frame) => frame, {
      own: authority.issue("between").pem(),
      ca: readFileSync(authority.certificate),
    });
    const { mesh } = await iopin(between.url);
    const { code, text } = await refusal(mesh.send("buzzer", "1", FROM));
    assert.equal(code, "ACCESS_DENIED");
    assert.match(text, /its proof is wrong/);
    assert.deepEqual(
      between.seen.map(({ direction, frame }) => [direction, frame[0] === HELLO && readJson(frame).from]),
      [
        ["out", "iopin"],
        ["in", false],
      ],
    );
  });

  test("is 1.2 or later, and nothing else on its port", async (context) => {
    const { url, authority } = await buzzer(context);
    const port = Number(new URL(url).port);
    const old = connect({
      ...{ port, host: "127.0.0.1", ca: readFileSync(authority.certificate) },
      ...{ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" },
    });
    context.after(() => old.destroy());
    const [error] = await once(old, "error");
    assert.match(String(error.code), /PROTOCOL|ALERT|ECONNRESET/);
    const clear = new WebSocket(`ws://127.0.0.1:${port}`, "circuit.1");
    const [problem] = await once(clear, "error");
    assert.match(String(problem), /hang up|ECONNRESET|Parse Error/);
  });

  test("takes a new certificate without a restart; links that are open go on", async (context) => {
    const { url, put, authority, iopin, safety, notices } = await buzzer(context);
    const ca = readFileSync(authority.certificate);
    const { mesh } = await iopin();
    assert.equal(await mesh.send("buzzer", "1", FROM), "buzz 1");
    assert.equal(await shownAt(context, url, ca), "first");
    put(authority.issue("second"));
    await safety.look();
    assert.equal(await shownAt(context, url, ca), "second");
    assert.equal(await mesh.send("buzzer", "2", FROM), "buzz 2");
    const later = await iopin();
    assert.equal(await later.mesh.send("buzzer", "3", FROM), "buzz 3");
    assert.deepEqual(notices, []);
  });

  test("keeps the old certificate when the new one is bad, and says so", async (context) => {
    const { url, put, authority, files, safety, notices } = await buzzer(context);
    const ca = readFileSync(authority.certificate);
    const [second, third, over] = [
      authority.issue("second"),
      authority.issue("third"),
      authority.issueOver("over"),
    ];
    const spoils: readonly (readonly [() => void, RegExp])[] = [
      [() => put({ certificate: second.certificate, key: third.key }), /key/],
      [() => writeFileSync(files.certificate, "-----BEGIN NONSENSE-----"), /certificate .*shown\.pem/],
      [() => put(over), /it ended on/],
      [
        () => {
          put(second);
          chmodSync(files.key, 0o644);
        },
        /other users may read it \(mode 644\)/,
      ],
    ];
    for (const [spoil, problem] of spoils) {
      spoil();
      await safety.look();
      assert.match(notices.at(-1) ?? "", /^Cannot renew the certificate, those of before still count: /);
      assert.match(notices.at(-1) ?? "", problem);
      assert.doesNotMatch(notices.at(-1) ?? "", /PRIVATE/);
      assert.equal(await shownAt(context, url, ca), "first");
    }
    assert.equal(notices.length, spoils.length);
    put(third);
    await safety.look();
    assert.equal(await shownAt(context, url, ca), "third");
  });

  test("refuses a key that others may read", async (context) => {
    const { authority } = await buzzer(context);
    const { certificate, key } = authority.issue("open");
    chmodSync(key, 0o640);
    await assert.rejects(machine(context, secretsOf("lamp"), { safety: { tls: { certificate, key } } }), {
      code: "ACCESS_DENIED",
      message: `Cannot use ${key}: other users may read it (mode 640)`,
    });
  });

  test("refuses an authority that everybody may change", async (context) => {
    const { authority } = await buzzer(context);
    chmodSync(authority.certificate, 0o646);
    const tls = { authority: authority.certificate };
    await assert.rejects(machine(context, secretsOf("lamp"), { safety: { tls } }), {
      code: "ACCESS_DENIED",
      message: `Cannot use ${authority.certificate}: every user of this machine may change it`,
    });
    chmodSync(authority.certificate, 0o644);
  });
});
