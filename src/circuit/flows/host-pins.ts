import type { Board } from "../../board/board.js";
import { analogInput, digitalInput } from "../../board/session/readings/pin-inputs.js";
import type { FlowPins } from "./flow-file.js";

/** The pins of boards that are opened when one of theirs is asked for. */
export function pinsOf(open: (board: string | undefined) => Promise<Board>): FlowPins {
  // Johnny-Five is loaded with the first output.
  const pins = () => import("./flow-pins.js");
  return {
    async digitalInput(pin, { board, ...options } = {}) {
      return digitalInput(await open(board), pin, options);
    },
    async analogInput(channel, { board } = {}) {
      return analogInput(await open(board), channel);
    },
    async pinOutput(pin, { board, ...options } = {}) {
      return (await pins()).pinOutput(await open(board), pin, options);
    },
    async piezoOutput(pin, { board } = {}) {
      return (await pins()).piezoOutput(await open(board), pin);
    },
  };
}
