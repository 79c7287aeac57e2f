import type { Model } from "./model.js";

/** Loudness of one piezo, of 1: a square wave is shrill. */
const GAIN = 0.05;

/** Time in which a tone begins and ends, in seconds, so that it does not click. */
const FADE_S = 0.005;

/** One piezo's voice. */
interface Voice {
  readonly oscillator: OscillatorNode;
  readonly gain: GainNode;
}

/** Sounds the circuit's piezos at their real pitch, once a click has allowed it. */
export class Sound {
  readonly #model: Model;
  readonly #voices = new Map<string, Voice>();
  #context: AudioContext | undefined;
  isOn = false;

  constructor(model: Model) {
    this.#model = model;
    model.addEventListener("state", () => this.#play());
  }

  toggle(): void {
    this.isOn = !this.isOn;
    // Browsers let a page sound only after its user did something.
    this.#context ??= new AudioContext();
    void this.#context.resume();
    this.#play();
  }

  #play(): void {
    const context = this.#context;
    if (context === undefined) return;
    for (const { name, parts } of this.#model.state.boards) {
      for (const part of parts) {
        if (part.type !== "buzzer") continue;
        const hz = this.isOn && this.#model.isConnected ? part.hz : null;
        this.#sound(context, `${name}/${part.id}`, hz);
      }
    }
  }

  #sound(context: AudioContext, piezo: string, hz: number | null): void {
    const { oscillator, gain } = this.#voiceOf(context, piezo);
    if (hz !== null) oscillator.frequency.setValueAtTime(hz, context.currentTime);
    gain.gain.setTargetAtTime(hz === null ? 0 : GAIN, context.currentTime, FADE_S);
  }

  #voiceOf(context: AudioContext, piezo: string): Voice {
    let voice = this.#voices.get(piezo);
    if (voice === undefined) {
      const oscillator = new OscillatorNode(context, { type: "square" });
      const gain = new GainNode(context, { gain: 0 });
      oscillator.connect(gain).connect(context.destination);
      oscillator.start();
      voice = { oscillator, gain };
      this.#voices.set(piezo, voice);
    }
    return voice;
  }
}
