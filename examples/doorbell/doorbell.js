import { five, Sketch } from "circuit-five";

/** Rings when its button is pressed, and blinks three times, so that somebody who hears nothing sees it. */
export class Doorbell extends Sketch {
  setup({ board }) {
    const button = new five.Button({ pin: 2, isPullup: true, board });
    const piezo = new five.Piezo({ pin: 8, board });
    const led = new five.Led({ pin: 13, board });
    this.out("waiting for somebody at the door");
    button.on("press", () => {
      const song = [
        ["C5", 1],
        ["E5", 1],
      ];
      piezo.play({ song, tempo: 600 });
      led.blink(500);
      this.clock.after(3_250, () => led.stop().off());
      this.publish("bell.rung", { by: "button1" });
    });
  }
}
