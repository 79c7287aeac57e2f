import assert from "node:assert/strict";
import { test } from "node:test";
import { errors } from "@nats-io/transport-node";
import { problemOf } from "../../src/mesh/nats/jetstream/problem.js";
import { TryAgain } from "../../src/mesh/nats/try-again.js";

const { RequestError } = errors;
const api = (code: number, status = 400) => Object.assign(new Error("said"), { code, status });

const PROBLEMS: readonly (readonly [what: string, thrown: unknown, code: string | undefined])[] = [
  ["a timeout", new errors.TimeoutError(), undefined],
  ["a closed client", new errors.ClosedConnectionError(), undefined],
  ["a client that is being closed", new errors.DrainingConnectionError(), undefined],
  ["a broken connection", new RequestError("connection disconnected"), undefined],
  ["nobody", new RequestError("", { cause: new errors.NoRespondersError("a") }), undefined],
  ["a request that was cut short", new RequestError("", { cause: new Error("socket") }), undefined],
  ["a stream made twice", api(10058), undefined],
  ["an event whose try before is still being stored", api(10158, 409), undefined],
  ["a server without a leader", api(10008, 503), undefined],
  ["too long a message", new errors.InvalidArgumentError("payload"), "MESSAGE_INVALID"],
  [
    "one in a request",
    new RequestError("", { cause: new errors.InvalidArgumentError("") }),
    "MESSAGE_INVALID",
  ],
  ["no subject", new errors.InvalidSubjectError("a b"), "MESSAGE_INVALID"],
  ["a denial", new errors.PermissionViolationError("no", "publish", "a"), "ACCESS_DENIED"],
  [
    "a denied request",
    new RequestError("", { cause: new errors.PermissionViolationError("no", "publish", "a") }),
    "ACCESS_DENIED",
  ],
  ["no room", api(10047), "EVENT_UNKEPT"],
  ["no JetStream", api(10076, 503), "EVENT_UNKEPT"],
  ["overlapping subjects", api(10065), "EVENT_UNKEPT"],
  ["a mistake of ours", new TypeError("undefined is no function"), "EVENT_UNKEPT"],
];

for (const [what, thrown, code] of PROBLEMS) {
  test(`problemOf() of ${what} is ${code ?? "to be tried again"}`, () => {
    const problem = problemOf("listen to a", thrown);
    if (problem instanceof TryAgain) assert.equal(code, undefined);
    else {
      assert.equal(problem.code, code);
      assert.match(problem.message, /^Cannot listen to a on NATS: /);
      assert.equal(problem.cause, thrown);
    }
  });
}
