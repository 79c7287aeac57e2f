import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { nkeys } from "@nats-io/transport-node";
import type { NatsCredentials } from "../../src/mesh/nats/credentials.js";
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { temporaryFolder } from "../temporary-folder.js";
import { skipWithout } from "../tools.js";
import { Child } from "./child.js";
import { skipWithoutNats, startNats } from "./nats-server.js";

const skipWithoutOpenssl = skipWithout("openssl", "openssl", ["version"], "apt-get install openssl");

type KeyPair = ReturnType<typeof nkeys.createUser>;

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const seedOf = (pair: KeyPair) => Buffer.from(pair.getSeed()).toString();

/** A JWT as NATS has them: signed with an nkey, by which its issuer is known. */
function sign(issuer: KeyPair, subject: KeyPair, name: string, nats: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = encode({ typ: "JWT", alg: "ed25519-nkey" });
  const claims = {
    jti: name,
    iat: 1_700_000_000,
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name,
  };
  const signed = `${head}.${encode({ ...claims, nats: { version: 2, ...nats } })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}

/** An operator with one account, as a server's configuration; and what makes a user's `.creds` of it. */
function makeOperator() {
  const [operator, account] = [nkeys.createOperator(), nkeys.createAccount()];
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const operatorJwt = sign(operator, operator, "desk", { type: "operator" });
  const accountJwt = sign(operator, account, "fleet", { type: "account", limits });
  return {
    config: `operator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
    credsOf: (name: string, issuer = account) => {
      const user = nkeys.createUser();
      const jwt = sign(issuer, user, name, { type: "user", pub: {}, sub: {}, ...unlimited });
      return (
        `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n` +
        `-----BEGIN USER NKEY SEED-----\n${seedOf(user)}\n------END USER NKEY SEED------\n`
      );
    },
  };
}

interface Access {
  readonly config: string;
  readonly right: NatsCredentials;
  readonly wrong: NatsCredentials;
}

const WAYS: readonly (readonly [string, (folder: string) => Access])[] = [
  [
    "a creds file",
    (folder) => {
      const { config, credsOf } = makeOperator();
      return {
        config,
        right: { creds: write(folder, "right.creds", credsOf("right")) },
        wrong: { creds: write(folder, "wrong.creds", credsOf("wrong", nkeys.createAccount())) },
      };
    },
  ],
  [
    "an nkey file",
    (folder) => {
      const [right, wrong] = [nkeys.createUser(), nkeys.createUser()];
      return {
        config: `authorization { users: [ { nkey: ${right.getPublicKey()} } ] }`,
        right: { nkey: write(folder, "right.nk", `${seedOf(right)}\n`) },
        wrong: { nkey: write(folder, "wrong.nk", seedOf(wrong)) },
      };
    },
  ],
  [
    "a user and a password",
    () => ({
      config: `authorization { user: desk, password: "a secret" }`,
      right: { user: "desk", password: "a secret" },
      wrong: { user: "desk", password: "another" },
    }),
  ],
  [
    "a token",
    () => ({
      config: `authorization { token: "a secret" }`,
      right: { token: "a secret" },
      wrong: { token: "another" },
    }),
  ],
];

describe("NatsMesh", { skip: skipWithoutNats, timeout: 60_000 }, () => {
  for (const [what, make] of WAYS) {
    test(`is let in with ${what}, and told why not with another one or none`, async (context) => {
      const { config, right, wrong } = make(temporaryFolder());
      const server = await startNats({ config });
      const meshes: NatsMesh[] = [];
      context.after(async () => {
        await Promise.all(meshes.map((mesh) => mesh.close()));
        await server.kill();
      });
      const open = (credentials?: NatsCredentials) => {
        const mesh = new NatsMesh({
          url: server.url,
          patienceMs: 2_000,
          ...(credentials && { credentials }),
        });
        meshes.push(mesh);
        return mesh;
      };
      await open(right).serve("node", ({ message }) => message);
      assert.equal(await open(right).send("node", "1"), "1");
      for (const mesh of [open(wrong), open()]) {
        await assert.rejects(mesh.open(), (error: { code?: string; message?: string }) => {
          assert.equal(error.code, "ACCESS_DENIED");
          assert.doesNotMatch(String(error.message), /secret|another|SU[A-Z0-9]{50}/);
          return true;
        });
      }
    });
  }

  test("tells that the server is away, and then that it refuses us, for good", async (context) => {
    const credentials = { user: "desk", password: "a secret" };
    const configOf = (password: string) => `authorization { user: desk, password: "${password}" }`;
    let server = await startNats({ config: configOf(credentials.password) });
    context.after(() => server.kill());
    const notices: (string | undefined)[] = [];
    let isRefused = () => {};
    const refused = new Promise<void>((resolve) => (isRefused = resolve));
    const mesh = new NatsMesh({
      url: server.url,
      credentials,
      notice: ({ problem }) => {
        notices.push(problem?.code);
        if (problem?.code === "ACCESS_DENIED") isRefused();
      },
    });
    context.after(() => mesh.close());
    await mesh.join();
    await server.kill();
    server = await startNats({ config: configOf("another"), port: server.port });
    await refused;
    assert.deepEqual(notices, ["PEER_MISSING", "ACCESS_DENIED"]);
    await assert.rejects(mesh.durable.report(), { code: "ACCESS_DENIED" });
  });

  test("uses TLS, with a certificate that it can check", { skip: skipWithoutOpenssl }, async (context) => {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const made = spawnSync("openssl", [
      "req",
      "-x509",
      ...curve,
      "-nodes",
      ...subject,
      "-keyout",
      key,
      "-out",
      cert,
    ]);
    assert.equal(made.status, 0, String(made.stderr));
    const { config, credsOf } = makeOperator();
    const creds = write(folder, "right.creds", credsOf("right"));
    const server = await startNats({ config: `${config}\ntls { cert_file: "${cert}", key_file: "${key}" }` });
    context.after(() => server.kill());
    const url = server.url.replace("nats:", "tls:");
    const file = new URL("./nats-access-end.js", import.meta.url);
    const trusting = new Child(context, file, { within: ["env", `NODE_EXTRA_CA_CERTS=${cert}`] });
    assert.equal(await trusting.ask("exchange", url, creds), "1");
    // The server insists on it, also where the address does not say so.
    assert.equal(await trusting.ask("exchange", server.url, creds), "1");
    const wary = new NatsMesh({ url, credentials: { creds }, patienceMs: 500 });
    context.after(() => wary.close());
    await assert.rejects(wary.send("node", "1"), { code: "PEER_MISSING", message: /certificate/ });
  });
});
