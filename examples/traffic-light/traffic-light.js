import { once } from "node:events";
import { five, Sketch } from "circuit-five";

/** Pins of the lamps: those of the cars, and of those who walk. */
const LAMPS = { red: 12, yellow: 11, green: 10, dontWalk: 7, walk: 6 };

/** What cars have until somebody wants to cross, and for how long at least. */
const GO = { phase: "go", lit: ["green", "dontWalk"], ms: 5_000 };

/** What follows then, in this order. Between red for the one and green for the other everybody has red. */
const CROSSING = [
  { phase: "stopping", lit: ["yellow", "dontWalk"], ms: 1_000 },
  { phase: "clearing", lit: ["red", "dontWalk"], ms: 1_000 },
  { phase: "walking", lit: ["red", "walk"], ms: 4_000 },
  { phase: "leaving", lit: ["red", "dontWalk"], ms: 2_000 },
  { phase: "starting", lit: ["red", "yellow", "dontWalk"], ms: 1_000 },
];

/** Cars have green, until somebody presses the button to cross. */
export class TrafficLight extends Sketch {
  #lamps;
  #button;

  setup({ board }) {
    this.#lamps = Object.entries(LAMPS).map(([name, pin]) => [name, new five.Led({ pin, board })]);
    this.#button = new five.Button({ pin: 2, isPullup: true, board });
  }

  async run() {
    for (;;) {
      const pressed = once(this.#button, "press", { signal: this.signal });
      await Promise.all([pressed, this.#show(GO)]);
      for (const each of CROSSING) await this.#show(each);
    }
  }

  /** Shows a phase, and resolves when its time is over. What goes out does so before the rest comes on. */
  async #show({ phase, lit, ms }) {
    for (const [name, led] of this.#lamps) if (!lit.includes(name)) led.off();
    for (const [name, led] of this.#lamps) if (lit.includes(name)) led.on();
    this.out(phase);
    this.publish("light.phase", { phase });
    await this.clock.sleep(ms, this.signal);
  }
}
