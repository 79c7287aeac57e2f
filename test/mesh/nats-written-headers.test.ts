import assert from "node:assert/strict";
import { test } from "node:test";
import { writeHeaders } from "../../src/mesh/nats/jetstream/written-headers.js";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("writeHeaders() writes headers as the protocol has them", () => {
  assert.equal(textOf(writeHeaders([])), "NATS/1.0\r\n\r\n");
  assert.equal(
    textOf(
      writeHeaders([
        ["Nats-Msg-Id", "run.1"],
        ["Word", "grün"],
      ]),
    ),
    "NATS/1.0\r\nNats-Msg-Id: run.1\r\nWord: grün\r\n\r\n",
  );
});

for (const end of ["\r", "\n", "\r\nNats-Rollup: all"])
  test(`writeHeaders() refuses a value with ${JSON.stringify(end)}`, () => {
    assert.throws(() => writeHeaders([["Word", `a${end}`]]), {
      code: "MESSAGE_INVALID",
      message: /line break/,
    });
  });
