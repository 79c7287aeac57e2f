import assert from "node:assert/strict";
import { test } from "node:test";
import { checkUrl } from "../../src/flow/http.js";

test("checkUrl() lets an address through as it is", () => {
  assert.equal(checkUrl("http://host/path?key=1", ["http:", "https:"]), "http://host/path?key=1");
  assert.equal(checkUrl(new URL("wss://host"), ["ws:", "wss:"]), "wss://host/");
});

for (const [url, message] of [
  ["host/path?key=1", "Cannot connect: host/path is no address of http: or https:"],
  ["ftp://host", "Cannot connect: ftp://host is no address of http: or https:"],
  ["http://me:secret@host:81/", "Cannot connect: host:81 is given with a name or a password"],
] as const) {
  test(`checkUrl() refuses ${url}, and shows no secret`, () => {
    assert.throws(() => checkUrl(url, ["http:", "https:"]), { code: "ADDRESS_INVALID", message });
  });
}
