import assert from "node:assert/strict";
import { test } from "node:test";
import { baudOf, parseAddress } from "../../src/board/link/address.js";
import { choosePort, judge } from "../../src/board/link/ports.js";
import { makeLink } from "../../src/circuit/links.js";

const ADDRESSES: readonly (readonly [text: string, scheme: string, target: string])[] = [
  ["/dev/ttyACM0", "port", "/dev/ttyACM0"],
  ["./pty", "port", "./pty"],
  ["COM3", "port", "COM3"],
  ["\\\\.\\COM12", "port", "\\\\.\\COM12"],
  ["auto", "auto", "auto"],
  ["mock", "mock", "mock"],
  ["sim:uno", "sim", "uno"],
  ["sim:uno?firmware=a.hex", "sim", "uno"],
  ["tcp://192.168.1.20:3030", "tcp", "192.168.1.20:3030"],
  ["tcp://[::1]:3030", "tcp", "[::1]:3030"],
];
for (const [text, scheme, target] of ADDRESSES) {
  test(`parseAddress() reads ${text}`, () => {
    const address = parseAddress(text);
    assert.deepEqual([address.scheme, address.target], [scheme, target]);
  });
}

test("baudOf() is 57 600 unless the address says another", () => {
  assert.equal(baudOf(parseAddress("COM3")), 57_600);
  assert.equal(baudOf(parseAddress("/dev/ttyUSB0?baud=115200")), 115_200);
});

const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
  ["", /it is empty/],
  ["serial:", /not serial:NUMBER/],
  ["replay:", /it is not replay:FILE/],
  ["usb:trip", /"usb" is no kind of board/],
  ["sim:mega", /no emulated "mega"/],
  ["sim:uno?firmwear=x", /no setting "firmwear", only baud, firmware/],
  ["tcp://host:70000", /not tcp:\/\/HOST:PORT/],
  ["tcp://host?baud=9600", /no setting "baud", it takes none/],
  ["mock?firmware=other", /not circuit or standard/],
  ["/dev/ttyACM0?baud=fast", /baud is fast/],
  ["/dev/ttyACM0?baud", /"baud" is no setting=value/],
];
for (const [text, message] of REFUSED) {
  test(`makeLink() refuses ${text || "an empty address"}`, () =>
    assert.rejects(makeLink(text, { attachments: [] }), { code: "USAGE", message }));
}

test("judge() tells boards by their USB vendor, and without one by their name", () => {
  assert.equal(judge({ path: "/dev/ttyACM0", vendorId: "2341" }).likely, true);
  assert.equal(judge({ path: "COM4", vendorId: "1a86" }).likely, true);
  assert.equal(judge({ path: "/dev/ttyUSB0", vendorId: "1546" }).likely, false);
  assert.equal(judge({ path: "/dev/ttyUSB0" }).likely, true);
  assert.equal(judge({ path: "/dev/ttyS0" }).likely, false);
});

test("choosePort() takes the one board, and refuses none and several", () => {
  const [uno, nano, modem] = [
    judge({ path: "/dev/ttyACM0", vendorId: "2341", serialNumber: "5573" }),
    judge({ path: "/dev/ttyUSB0", vendorId: "1a86" }),
    judge({ path: "/dev/ttyS0" }),
  ];
  assert.equal(choosePort([modem, uno]), "/dev/ttyACM0");
  assert.throws(() => choosePort([modem]), { code: "PORT_MISSING" });
  assert.throws(() => choosePort([uno, nano]), {
    code: "PORT_AMBIGUOUS",
    message: /ttyACM0 \(5573\), \/dev\/ttyUSB0/,
  });
});
