import { fileURLToPath } from "node:url";
import { five } from "../../src/board/session/piezo.js";
import { Sketch, type SketchContext } from "../../src/sketch/sketch.js";

export const DOORBELL_WIRING = fileURLToPath(new URL("../../../wiring/doorbell.json", import.meta.url));

/** What the doorbell of the examples is, for tests of the kit itself: rings C5 and E5, and blinks three times. */
export class Bell extends Sketch {
  override setup({ board }: SketchContext): void {
    const button = new five.Button({ pin: 2, isPullup: true, board });
    const piezo = new five.Piezo({ pin: 8, board });
    const led = new five.Led({ pin: 13, board });
    button.on("press", () => {
      piezo.play({
        song: [
          ["C5", 1],
          ["E5", 1],
        ],
        tempo: 600,
      });
      led.blink(500);
      this.clock.after(3_250, () => led.stop().off());
      this.out("ding");
      this.publish("bell.rung", { by: "button1" });
    });
  }

  override loop(_channel: string, message: string): string {
    if (message === "fail") throw new Error("no such bell");
    return `heard ${message}`;
  }
}
