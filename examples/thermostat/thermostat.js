import { five, Sketch } from "circuit-five";

/** What the sensor's voltage divider never gives unless a leg is broken or two touch; it is read as 0 to 1023. */
const LEAST = 5;
const MOST = 1_018;

/** Keeps a room at a temperature by switching a heater, and leaves it off when the sensor is broken. */
export class Thermostat extends Sketch {
  #relay;
  #wanted;
  #hysteresis;
  #isBroken = false;

  /** Temperature to keep, and how far it may be off before the relay switches, in degrees Celsius. */
  constructor({ celsius = 21, hysteresis = 0.5 } = {}) {
    super();
    this.#wanted = celsius;
    this.#hysteresis = hysteresis;
  }

  setup({ board }) {
    this.#relay = new five.Relay({ pin: 7, board });
    const sensor = new five.Sensor({ pin: "A0", freq: 250, board });
    sensor.on("data", () => this.#take(sensor.value));
  }

  #take(value) {
    const isBroken = value < LEAST || value > MOST;
    if (isBroken && !this.#isBroken) this.publish("thermostat.fault", { value });
    this.#isBroken = isBroken;
    if (isBroken) return this.#heat(false);
    const celsius = celsiusOf(value);
    if (celsius < this.#wanted - this.#hysteresis) this.#heat(true, celsius);
    else if (celsius > this.#wanted + this.#hysteresis) this.#heat(false, celsius);
  }

  #heat(heats, celsius) {
    if (heats === this.#relay.isClosed) return;
    if (heats) this.#relay.close();
    else this.#relay.open();
    this.out(heats ? "heating" : "not heating");
    this.publish("thermostat.heating", { heats, ...(celsius !== undefined && { celsius: round(celsius) }) });
  }
}

/** Of an NTC of 10 kΩ at 25 °C with a β of 3950, below a resistor of 10 kΩ: 1/T = 1/T25 + ln(R / R25) / β. */
export function celsiusOf(value) {
  return 1 / (1 / 298.15 + Math.log(value / (1_023 - value)) / 3_950) - 273.15;
}

function round(celsius) {
  return Math.round(celsius * 10) / 10;
}
