import { serialLink } from "../../src/board/link/serial.js";
import { boardContract } from "../contract/board.js";
import { standardFirmataHex } from "../native/native.js";
import { startSimavr } from "../native/simavr.js";
import { FIRMWARE_TOOLS, SIMAVR_TOOLS, skipWithout } from "../native/tools.js";

boardContract(
  "StandardFirmata on simavr behind a tty",
  async () => {
    const simavr = await startSimavr({ firmware: await standardFirmataHex() });
    return {
      link: serialLink({ path: simavr.path, baud: 57_600 }),
      levels: (pin, atLeast) =>
        simavr.until(`${atLeast} edges on pin ${pin}`, (edges) => {
          const levels = edges.filter((edge) => edge.pin === pin).map(({ level }) => level);
          return levels.length >= atLeast ? levels : undefined;
        }),
      stop: () => simavr.stop(),
    };
  },
  skipWithout(...FIRMWARE_TOOLS, ...SIMAVR_TOOLS),
);
