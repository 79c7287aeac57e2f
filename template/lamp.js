import { five, Sketch } from "circuit-five";

/** A lamp: each message, and each press of its button, turns it on or off. */
export class Lamp extends Sketch {
  #led;

  setup({ board }) {
    this.#led = new five.Led({ pin: 13, board });
    const button = new five.Button({ pin: 2, isPullup: true, board });
    button.on("press", () => this.#led.toggle());
  }

  /** What it returns is the acknowledgement: its sender gets it once the board has done it. */
  loop() {
    this.#led.toggle();
    return this.#led.isOn ? "on" : "off";
  }
}
