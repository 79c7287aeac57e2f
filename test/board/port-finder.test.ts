import assert from "node:assert/strict";
import { test } from "node:test";
import { findBySerialNumber, PortFinder } from "../../src/board/link/port-finder.js";
import type { SerialPortInfo } from "../../src/board/link/serial.js";

test("PortFinder finds a board by its serial number wherever it is plugged in", async () => {
  let ports: readonly SerialPortInfo[] = [{ path: "/dev/ttyACM0", serialNumber: "557303" }];
  const finder = new PortFinder("/dev/ttyACM0", async () => ports);
  assert.equal(await finder.find(), "/dev/ttyACM0");
  ports = [
    { path: "/dev/ttyACM0", serialNumber: "another" },
    { path: "/dev/ttyACM1", serialNumber: "557303" },
  ];
  assert.equal(await finder.find(), "/dev/ttyACM1");
  ports = [{ path: "/dev/ttyACM0", serialNumber: "another" }];
  await assert.rejects(finder.find(), { code: "PORT_MISSING", message: /557303: there are another/ });
});

const NUMBERLESS: Readonly<Record<string, readonly SerialPortInfo[]>> = {
  "has none": [{ path: "/dev/ttyUSB0" }],
  "shares its": [
    { path: "/dev/ttyUSB0", serialNumber: "0" },
    { path: "/dev/ttyUSB1", serialNumber: "0" },
  ],
  "is not listed": [],
};
for (const [what, ports] of Object.entries(NUMBERLESS)) {
  test(`PortFinder keeps to the port of a board whose number says nothing: it ${what}`, async () => {
    assert.equal(await new PortFinder("/dev/ttyUSB0", async () => ports).find(), "/dev/ttyUSB0");
  });
}

test("findBySerialNumber() refuses to choose between boards of one number", async () => {
  const ports = ["/dev/ttyUSB0", "/dev/ttyUSB1"].map((path) => ({ path, serialNumber: "0" }));
  await assert.rejects(
    findBySerialNumber("0", async () => ports),
    { code: "PORT_AMBIGUOUS", message: /2 have the serial number 0/ },
  );
});
