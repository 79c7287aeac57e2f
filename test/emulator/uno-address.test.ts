import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUnoAddress } from "../../src/emulator/uno-address.js";

const READ: readonly (readonly [string, string | undefined])[] = [
  ["sim:uno", undefined],
  ["sim:uno?", undefined],
  ["sim:uno?firmware=a.hex", "a.hex"],
  ["sim:uno?firmware=/a folder/100%?.hex", "/a folder/100%?.hex"],
];
for (const [address, firmware] of READ)
  test(`parseUnoAddress() reads ${address}`, () => assert.equal(parseUnoAddress(address).firmware, firmware));

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["uno", /begins with sim:/],
  ["sim:mega", /no emulated board "mega"/],
  ["sim:", /no emulated board ""/],
  ["sim:uno?firmware=", /"firmware=" is not a setting/],
  ["sim:uno?baud=9600", /"baud=9600" is not a setting/],
];
for (const [address, message] of REFUSED)
  test(`parseUnoAddress() refuses ${address}`, () =>
    assert.throws(() => parseUnoAddress(address), { code: "USAGE", message, hint: /sim:uno/ }));
