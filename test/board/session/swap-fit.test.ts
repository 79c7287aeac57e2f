import assert from "node:assert/strict";
import { test } from "node:test";
import { Identity } from "../../../src/board/session/identity.js";
import { PinMemory } from "../../../src/board/session/memory/pin-memory.js";
import { SettingsMemory } from "../../../src/board/session/memory/settings-memory.js";
import { checkFit } from "../../../src/board/session/swap/swap-fit.js";
import { ManualClock } from "../../../src/core/manual-clock.js";
import { CIRCUIT_FIRMWARE, PIN_MODE } from "../../../src/firmata/protocol.js";
import { encodeToBoard } from "../../../src/firmata/to-board.js";

const ALL = Object.values(PIN_MODE);

/** What a board says of its three pins. */
function identityOf(name: string, modes: readonly number[] = ALL, channels = [127, 0, 1]): Identity {
  const identity = new Identity();
  const capabilities = modes.map((mode) => ({ mode, resolution: 1 }));
  identity.hear({ type: "firmware", major: 1, minor: 0, name });
  identity.hear({
    type: "capabilities",
    pins: [ALL.map((mode) => ({ mode, resolution: 1 })), capabilities, []],
  });
  identity.hear({ type: "analogMapping", channels });
  return identity;
}

const PIN_1 = [
  [PIN_MODE.input, "as an input"],
  [PIN_MODE.output, "as an output"],
  [PIN_MODE.analog, "as an analog input"],
  [PIN_MODE.pwm, "for PWM"],
  [PIN_MODE.servo, "for a servo"],
  [PIN_MODE.pullup, "as an input with a pull-up"],
] as const;

/** What is used of a board whose pin 1 is told these. */
function use(...frames: readonly Uint8Array[]) {
  const [memory, settings] = [new PinMemory(), new SettingsMemory(new ManualClock())];
  for (const frame of frames) {
    memory.remember(frame);
    settings.remember(frame);
  }
  return {
    memory,
    settings,
    identity: identityOf(CIRCUIT_FIRMWARE),
    tonePins: new Set<number>(),
    declared: [],
  };
}

for (const [mode, words] of PIN_1) {
  test(`checkFit() refuses a board whose pin cannot be used ${words}, and takes one whose pin can`, () => {
    const used = use(encodeToBoard({ type: "pinMode", pin: 1, mode }));
    const candidate = { address: "other", hasTones: true };
    const without = identityOf(
      "StandardFirmata",
      ALL.filter((one) => one !== mode),
    );
    assert.throws(() => checkFit(used, { ...candidate, identity: without }), {
      code: "SWAP_REFUSED",
      message: new RegExp(
        `^Cannot move to other: pin 1 is used ${words}, which it cannot\\. It is StandardFirmata`,
      ),
    });
    checkFit(used, { ...candidate, identity: identityOf("StandardFirmata") });
  });
}

test("checkFit() takes an output for a tone where the host toggles it, and another pin for a channel not", () => {
  const tone = use(encodeToBoard({ type: "pinMode", pin: 1, mode: PIN_MODE.tone }));
  const outputs = [PIN_MODE.output, PIN_MODE.analog];
  const candidate = { address: "other", hasTones: true };
  checkFit(tone, { ...candidate, identity: identityOf("StandardFirmata", outputs) });
  assert.throws(() => checkFit(tone, { ...candidate, identity: identityOf(CIRCUIT_FIRMWARE, outputs) }), {
    message: /pin 1 is used for tones, which it cannot/,
  });
  const channel = use(encodeToBoard({ type: "reportAnalog", channel: 0, on: true }));
  assert.throws(() => checkFit(channel, { ...candidate, identity: identityOf("x", ALL, [0, 1, 127]) }), {
    message: /A0 is pin 1 here, and not there/,
  });
});
