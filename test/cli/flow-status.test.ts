import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { abandonedOf, statusLine, statusTable } from "../../src/cli/flow-status.js";
import { widthOf } from "../../src/cli/live-block.js";
import type { ManagerStatus } from "../../src/flow/supervisor.js";
import type { PartCounts } from "../../src/flow/tally.js";

const NONE: PartCounts = {
  ...{ in: 0, dropped: 0, handled: 0, failed: 0, abandoned: 0, waiting: 0, running: 0, out: 0, untaken: 0 },
  p99Ms: undefined,
};

const STATUS: ManagerStatus = {
  ...{ name: "heating", state: "running", restarts: 2, connections: [], sources: ["sensor"] },
  parts: {
    sensor: { ...NONE, out: 123_456 },
    "a part with quite a long name": {
      ...NONE,
      in: 5,
      out: 3,
      dropped: 7,
      waiting: 1,
      running: 2,
      p99Ms: 0.0123,
    },
    relay: { ...NONE, in: 99_999, failed: 1, abandoned: 2, p99Ms: 1_234 },
  },
};

describe("statusTable()", () => {
  test("has a line for each pipeline and part", () => {
    assert.deepEqual(statusTable([STATUS], { columns: 200, color: false }), [
      "                                    IN   OUT  DROPPED  IN FLIGHT  GIVEN UP  RESTARTS       P99",
      "heating running                                                                    2",
      "  sensor                             -  123k        0          0         0                   -",
      "  a part with quite a long name      5     3        7          3         0            0.012 ms",
      "  relay                          99999     0        0          0         3               1.2 s",
    ]);
  });

  test("fits any width, and leaves out what matters least", () => {
    for (let columns = 20; columns <= 110; columns++) {
      for (const color of [true, false]) {
        const lines = statusTable([STATUS], { columns, color });
        assert.equal(lines.length, 5);
        for (const line of lines) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
      }
    }
    const [heading] = statusTable([STATUS], { columns: 50, color: false });
    assert.match(heading ?? "", /^ +IN +DROPPED +IN FLIGHT +RESTARTS$/);
    const narrow = statusTable([STATUS], { columns: 20, color: false });
    assert.equal(narrow[3], "  a part wit…      5");
  });

  test("shows numbers in six characters", () => {
    const shown = [99_999, 100_000, 999_999, 1_234_567, 99_999_999, 123_456_789_012].map((out) => {
      const parts = { source: { ...NONE, out } };
      const [, , line = ""] = statusTable([{ ...STATUS, parts }], { columns: 200, color: false });
      return /-\s+(\S+)/.exec(line)?.[1];
    });
    assert.deepEqual(shown, ["99999", "100k", "1M", "1.23M", "100M", "123G"]);
  });

  test("shows durations in a unit that suits them", () => {
    const shown = [0, 0.0004, 0.0123, 1.25, 9.96, 12.5, 999, 1_234, 12_345].map((p99Ms) => {
      const parts = { take: { ...NONE, in: 1, p99Ms } };
      const [, , line = ""] = statusTable([{ ...STATUS, parts }], { columns: 200, color: false });
      return /(\S+ m?s)$/.exec(line)?.[1];
    });
    const quick = ["<0.001 ms", "<0.001 ms", "0.012 ms", "1.3 ms", "10.0 ms"];
    assert.deepEqual(shown, [...quick, "13 ms", "999 ms", "1.2 s", "12 s"]);
  });

  test("paints states, and shows nothing that commands a terminal", () => {
    const [, line] = statusTable([{ ...STATUS, state: "failed" }], { columns: 200, color: true });
    assert.ok(line?.startsWith("\u001b[31mheating failed"));
    const [, evil] = statusTable([{ ...STATUS, name: "a\u001b[2Jb" }], { columns: 200, color: false });
    assert.ok(evil?.startsWith("a\\u{1b}[2Jb running"));
  });
});

test("statusLine() says a pipeline in a line", () => {
  assert.equal(
    statusLine(STATUS),
    "heating running: 123456 items, 7 dropped, 3 given up, 3 in flight, 2 restarts",
  );
  assert.match(statusLine({ ...STATUS, restarts: 1 }), /1 restart$/);
});

test("abandonedOf() counts over all pipelines", () => {
  assert.equal(abandonedOf([STATUS, STATUS]), 4);
});
