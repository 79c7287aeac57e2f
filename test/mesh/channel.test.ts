import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkChannel, decodeChannel, encodeChannel } from "../../src/mesh/channel.js";

const limits = { channelBytes: 255 };

const CHANNELS: readonly (readonly [string, string])[] = [
  ["", "/"],
  ["datafeed", "/datafeed"],
  ["a/b", "/a/b"],
  ["/a", "//a"],
  ["50 %?#", "/50%20%25%3F%23"],
  ["ä♪", "/%C3%A4%E2%99%AA"],
];
for (const [channel, path] of CHANNELS) {
  test(`encodeChannel() writes ${path}`, () => assert.equal(encodeChannel(channel), path));
  test(`decodeChannel() reads ${path}`, () => assert.equal(decodeChannel(path), channel));
}

for (const [path, channel] of [
  ["/a?b=/c", "a"],
  ["/a%2Fb", "a/b"],
  ["/%", undefined],
  ["/%ff", undefined],
  ["/%ed%a0%80", undefined],
  ["", ""],
] as const) {
  test(`decodeChannel() makes ${channel} of ${path}`, () => assert.equal(decodeChannel(path), channel));
}

test("checkChannel() lets through only what a URL carries unchanged", () => {
  const segments = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(".", "..", "%2e", "", "\\", "\t", "%"),
  );
  fc.assert(
    fc.property(fc.array(segments, { maxLength: 5 }), (parts) => {
      const channel = parts.join("/");
      try {
        checkChannel(channel, limits);
      } catch {
        return;
      }
      const { pathname, search } = new URL(`ws://localhost:8765${encodeChannel(channel)}`);
      assert.equal(decodeChannel(pathname + search), channel);
    }),
  );
});
