import { type TestContext, test } from "node:test";
import { ManualClock } from "../../src/core/manual-clock.js";
import type { AckStream } from "../../src/mesh/ack-stream.js";
import type { Messages, StreamOptions } from "../../src/mesh/mesh.js";
import type { Payload } from "../../src/mesh/payload.js";
import { Sender } from "../../src/mesh/sender.js";
import { LinkCutter } from "./link-cutter.js";
import { testSending } from "./sending.js";
import { testCuts, testDeath } from "./session/broken-links.js";
import { testCauses } from "./session/causes.js";
import { testDraining } from "./session/draining.js";
import { testAborting, testFailures } from "./session/failures.js";
import { testBounds, testConcurrency, testPayloads } from "./session/messages.js";
import { LIMITS, type OpenSessionRig, type Story } from "./session/stage.js";

/** A sender that says who it is. */
class NamedSender extends Sender {
  override send(target: string, message: Payload, options: StreamOptions = {}): Promise<Payload> {
    return super.send(target, message, { from: "sender", ...options });
  }

  override stream(target: string, messages: Messages, options: StreamOptions = {}): AckStream {
    return super.stream(target, messages, { from: "sender", ...options });
  }
}

/** What a session of `circuit.1` promises, over whatever link. */
export function testSession(kind: string, open: OpenSessionRig): void {
  const story: Story = (name, run) =>
    test(`${kind}: ${name}`, { timeout: 20_000 }, async (context: TestContext) => {
      const clock = new ManualClock();
      const rig = await open({ clock, limits: LIMITS });
      const cutter = new LinkCutter(rig.dial);
      const sender = new NamedSender({
        trust: rig.trust,
        dial: cutter.dial,
        clock,
        limits: LIMITS,
        patienceMs: 10_000,
        notice: undefined,
        schedule: queueMicrotask,
      });
      const settle = async <Result>(result: Promise<Result>): Promise<Result> => {
        let isSettled = false;
        const note = () => {
          isSettled = true;
        };
        result.then(note, note);
        while (!isSettled) {
          await rig.turn();
          if (!isSettled) clock.advance(1);
        }
        return result;
      };
      context.after(async () => {
        sender.close();
        await settle(rig.close());
      });
      await run({ ...rig, clock, cutter, sender, settle });
    });

  testSending(story);
  testPayloads(story);
  testConcurrency(story);
  testBounds(story);
  testFailures(story);
  testAborting(story);
  testCuts(story);
  testDeath(story);
  testDraining(story);
  testCauses(story);
}
