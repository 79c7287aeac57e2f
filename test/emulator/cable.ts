import type { ByteLink, LinkEvents } from "../../src/board/link/link.js";
import type { Relink } from "../../src/board/session/recovery/search.js";
import { CircuitError } from "../../src/core/error.js";
import type { VirtualUno } from "../../src/emulator/virtual-uno.js";

/** An emulated Uno on a cable that a test pulls; each time that it is plugged in it starts anew. */
export class Cable {
  readonly uno: VirtualUno;
  #isPluggedIn = true;
  #events: LinkEvents | undefined;

  constructor(uno: VirtualUno) {
    this.uno = uno;
  }

  /** For `links` of a circuit, or `relink` of a session. */
  readonly find: Relink = async () => {
    if (!this.#isPluggedIn) throw new CircuitError("PORT_MISSING", "Cannot open the Uno: it is not there");
    return this.#link();
  };

  async unplug(): Promise<void> {
    this.#isPluggedIn = false;
    const events = this.#events;
    this.#events = undefined;
    await this.uno.close();
    events?.lost(new CircuitError("BOARD_LOST", "Cannot reach the Uno any more: it was unplugged"));
  }

  plugIn(): void {
    this.uno.reset();
    this.#isPluggedIn = true;
  }

  #link(): ByteLink {
    const { uno } = this;
    return {
      address: uno.address,
      bytesPerSecond: uno.bytesPerSecond,
      open: (events, options) => {
        this.#events = events;
        return uno.open(events, options);
      },
      write: (bytes) => uno.write(bytes),
      drain: () => uno.drain(),
      close: () => uno.close(),
    };
  }
}
