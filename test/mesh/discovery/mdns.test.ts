import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAIN } from "../../cli/cli.js";
import { plugIn, unplug } from "../namespaces.js";
import { FAR, joinTwo, skip } from "./two-machines.js";

const END = fileURLToPath(new URL("./lan-end.js", import.meta.url));

describe("MdnsSource between two machines", { skip, timeout: 60_000 }, () => {
  test("finds who comes later, and is told when it goes", async (context) => {
    const { near, far } = joinTwo(context);
    const hearing = near(END, "hear");
    await hearing.said(/^started$/);
    const telling = far(END, "tell", "buzzer", `ws://${FAR}:8766`);
    const [, boot = ""] = await telling.said(/^told (.+)$/);
    await hearing.said(new RegExp(`^came buzzer ws://${FAR}:8766 ${boot}$`));
    telling.kill("SIGTERM");
    await hearing.said(new RegExp(`^went buzzer ws://${FAR}:8766 ${boot}$`));
  });

  test("finds who was there before, also with `circuit nodes --lan`", async (context) => {
    const { near, far } = joinTwo(context);
    await far(END, "tell", "buzzer", `ws://${FAR}:8766`).said(/^told /);
    await near(END, "hear").said(new RegExp(`^came buzzer ws://${FAR}:8766 `));
    const { code, stdout, stderr } = await near(MAIN, "nodes", "--lan").ended();
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^buzzer +ws://${FAR}:8766 +- +- +ws +lan +- +no answer$`, "m"));
  });

  test("forgets who was killed, when it has left questions without an answer", async (context) => {
    const { near, far } = joinTwo(context);
    const hearing = near(END, "hear", "200");
    const telling = far(END, "tell", "buzzer", `ws://${FAR}:8766`);
    await hearing.said(/^came buzzer/);
    telling.kill("SIGKILL");
    await hearing.said(/^went buzzer/);
  });

  test("finds again whom a cut cable hid", async (context) => {
    const { near, far, spaces } = joinTwo(context);
    const hearing = near(END, "hear", "200");
    await far(END, "tell", "buzzer", `ws://${FAR}:8766`).said(/^told /);
    await hearing.said(/^came buzzer/);
    unplug(spaces.far);
    await hearing.said(/^went buzzer/);
    plugIn(spaces.far);
    await hearing.said(/^went buzzer.*\n(?:.*\n)*came buzzer/);
  });

  test("does not tell of a node that listens to its own machine only", async (context) => {
    const { near, far } = joinTwo(context);
    const hearing = near(END, "hear");
    await hearing.said(/^started$/);
    await far(END, "tell", "hidden", "ws://127.0.0.1:8766").said(/^told /);
    await far(END, "tell", "buzzer", `ws://${FAR}:8766`).said(/^told /);
    await hearing.said(/^came buzzer/);
    assert.doesNotMatch(hearing.stdout, /hidden/);
  });
});
