import { csv, defineFlow, emit, Manager, pipeline, processor, samples, toEvents, toPin } from "circuit-five";
import { celsiusOf } from "./thermostat.js";

/** What the configuration's `settings` may say otherwise. */
const USUAL = {
  /** Analog channel of the sensor, and pin of the relay. */
  sensor: 0,
  relay: 7,
  /** Temperature to keep, and how far it may be off before the relay switches, in degrees Celsius. */
  celsius: 21,
  hysteresis: 0.5,
  /** How long a change of the sensor takes to count for two thirds, and the time between two rows, in milliseconds. */
  smoothingMs: 500,
  rowEveryMs: 1_000,
  file: "thermostat.csv",
};

export default defineFlow({
  name: "thermostat",
  async managers(host) {
    const settings = { ...USUAL, ...host.settings };
    const sensor = await host.analogInput(settings.sensor);
    const relay = await host.pinOutput(settings.relay);
    // Built anew for each life: after a failure nothing is left of what it knew, and the relay is switched again.
    const build = () =>
      pipeline({
        sources: { sensor: samples(sensor) },
        processors: {
          smooth: smoothing(settings),
          threshold: threshold(settings),
          relay: toPin(relay, { value: ({ heats }) => Number(heats) }),
          event: toEvents(host, "thermostat.heating"),
          rows: csv(settings.file, { columns: ["time", "celsius", "heats"] }),
        },
      }).connect([
        { from: "sensor", to: "smooth" },
        { from: "smooth", to: "threshold" },
        { from: "threshold", output: "switched", to: "relay" },
        { from: "threshold", output: "switched", to: "event" },
        { from: "threshold", output: "reading", to: "rows" },
      ]);
    return [new Manager({ name: "heating", build })];
  },
});

/** The temperature, of which what is quick is noise. */
function smoothing({ smoothingMs }) {
  let celsius;
  let beforeMs = 0;
  return processor(({ value, atMs }) => {
    const now = celsiusOf(value);
    celsius = celsius === undefined ? now : now + (celsius - now) * Math.exp((beforeMs - atMs) / smoothingMs);
    beforeMs = atMs;
    return { celsius, atMs };
  });
}

/** Says when the heating is to be switched, and now and then how warm it is: each switching is a reading, too. */
function threshold({ celsius: wanted, hysteresis, rowEveryMs }) {
  let heats;
  let nextRowAtMs = Number.NEGATIVE_INFINITY;
  return processor(
    function* ({ celsius, atMs }) {
      const before = heats;
      if (celsius < wanted - hysteresis) heats = true;
      else if (celsius > wanted + hysteresis || heats === undefined) heats = false;
      const reading = { time: new Date().toISOString(), celsius: Math.round(celsius * 10) / 10, heats };
      if (heats !== before) yield emit("switched", reading);
      if (heats === before && atMs < nextRowAtMs) return;
      nextRowAtMs = atMs + rowEveryMs;
      yield emit("reading", reading);
    },
    { outputs: ["switched", "reading"] },
  );
}
