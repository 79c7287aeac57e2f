import { five, Sketch } from "circuit-five";

/** Where it turns, in degrees: most servos hit a stop before 0 and 180. */
const LEFT = 30;
const RIGHT = 150;

/** How fast it is when the knob is turned all the way up, in degrees each second. */
const FASTEST = 90;

/** A servo takes a new angle every 20 ms. */
const STEP_MS = 20;

/** Sweeps a servo from side to side, as fast as its knob says; turned all the way down it stands still. */
export class ServoSweep extends Sketch {
  #servo;
  #knob;

  setup({ board }) {
    this.#servo = new five.Servo({ pin: 9, range: [LEFT, RIGHT], startAt: LEFT, board });
    this.#knob = new five.Sensor({ pin: "A0", freq: 50, board });
  }

  async run() {
    let [degrees, direction, beforeMs] = [LEFT, 1, this.clock.now()];
    for (;;) {
      await this.clock.sleep(STEP_MS, this.signal);
      // A timer may be late: what counts is the time that has passed.
      const nowMs = this.clock.now();
      const speed = FASTEST * ((this.#knob.value ?? 0) / 1_023);
      degrees += (direction * speed * (nowMs - beforeMs)) / 1_000;
      beforeMs = nowMs;
      if (degrees <= LEFT || degrees >= RIGHT) {
        degrees = Math.min(Math.max(degrees, LEFT), RIGHT);
        const turned = degrees === LEFT ? 1 : -1;
        if (turned !== direction) {
          this.out(`turned at ${degrees}°`);
          this.publish("sweep.turned", { at: degrees });
        }
        direction = turned;
      }
      this.#servo.to(degrees);
    }
  }
}
