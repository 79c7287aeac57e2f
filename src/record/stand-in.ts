import { type MockEdge, MockPins } from "../board/link/mock-pins.js";
import { CIRCUIT_FIRMWARE, ECHO_COUNT_MODULUS, PIN_MODE } from "../firmata/protocol.js";
import type { ToBoard } from "../firmata/to-board.js";
import type { ToHost } from "../firmata/to-host.js";

/** What a board says of itself, as it was recorded: it is the same each time. */
const OWN_WORDS: ReadonlySet<ToHost["type"]> = new Set([
  "version",
  "firmware",
  "capabilities",
  "analogMapping",
]);

/**
 * What a board would answer: it knows what it was told, and what was recorded of it. It answers when the host says something
 * else than it did then, and shows which of the recorded answers are as they should be.
 */
export class StandIn {
  readonly #words = new Map<ToHost["type"], ToHost>();
  readonly #reported = new Set<number>();
  #pins = new MockPins(false);
  #isEchoing = false;
  #writes = 0;

  /** The latest changes of level, 10 000 at least, oldest first. */
  get edges(): readonly MockEdge[] {
    return this.#pins.edges;
  }

  /** Takes note of what the board said of itself. @returns Whether it was that. */
  hear(message: ToHost): boolean {
    if (!OWN_WORDS.has(message.type)) return false;
    // An Uno's tones can be told of only where the firmware has them.
    if (message.type === "firmware" && !this.#words.has("firmware"))
      this.#pins = new MockPins(message.name === CIRCUIT_FIRMWARE);
    this.#words.set(message.type, message);
    return true;
  }

  /** Puts a port's inputs to what they were. @returns What the host is told of it, where it has asked for that. */
  drive(port: number, levels: number): readonly ToHost[] {
    const before = this.#pins.levels(port, "inputs");
    for (let bit = 0; bit < 8; bit++) this.#pins.drive(port * 8 + bit, (levels >> bit) & 1 ? 1 : 0);
    const hasChanged = this.#pins.levels(port, "inputs") !== before;
    return hasChanged && this.#reported.has(port) ? [this.#report(port)] : [];
  }

  /** Executes a message. @returns The answers. */
  execute(message: ToBoard): readonly ToHost[] {
    switch (message.type) {
      case "digitalPort":
        this.#pins.writePort(message.port, message.levels);
        return this.#echo(message.port);
      case "digitalPin":
        this.#pins.setLevel(message.pin, message.level ? 1 : 0);
        return this.#echo(message.pin >> 3);
      case "pinMode":
        this.#pins.setMode(message.pin, message.mode);
        return [];
      case "analog":
      case "extendedAnalog":
        this.#pins.setValue(message.pin, message.value);
        return [];
      case "servoConfig":
        this.#pins.force(message.pin, PIN_MODE.servo);
        return [];
      case "tone":
        this.#pins.force(message.pin, PIN_MODE.tone, Math.round(message.centihertz / 100));
        return [];
      case "noTone":
        this.#pins.setValue(message.pin, 0);
        return [];
      case "reset":
        this.#pins.reset();
        this.#isEchoing = false;
        this.#reported.clear();
        return [];
      default:
        return this.#answer(message);
    }
  }

  #answer(message: ToBoard): readonly ToHost[] {
    switch (message.type) {
      case "queryVersion":
        return this.#say("version");
      case "queryFirmware":
        return this.#say("firmware");
      case "queryCapabilities":
        return this.#say("capabilities");
      case "queryAnalogMapping":
        return this.#say("analogMapping");
      case "queryPinState":
        return [{ type: "pinState", pin: message.pin, ...this.#pins.at(message.pin) }];
      case "reportDigital":
        this.#reported[message.on ? "add" : "delete"](message.port);
        return message.on ? [this.#report(message.port)] : [];
      case "echo":
        this.#isEchoing = message.on;
        this.#writes = 0;
        return [{ type: "echoing", on: message.on }];
      case "ping":
        return [{ type: "pong", number: message.number }];
      case "speed":
        return [{ type: "speed", code: message.code }];
      case "safe":
        return [{ type: "armed", count: message.pins.length }];
      default:
        return [];
    }
  }

  #say(type: ToHost["type"]): readonly ToHost[] {
    const words = this.#words.get(type);
    return words === undefined ? [] : [words];
  }

  #report(port: number): ToHost {
    return { type: "digitalPort", port, levels: this.#pins.levels(port, "inputs") };
  }

  #echo(port: number): readonly ToHost[] {
    if (!this.#isEchoing) return [];
    this.#writes++;
    const levels = this.#pins.levels(port, "outputs");
    return [{ type: "echo", port, levels, count: this.#writes % ECHO_COUNT_MODULUS }];
  }
}
