import type { Board } from "../../board/board.js";
import type { FlowPins } from "./flow-file.js";

/** The pins of boards that are opened when one of theirs is asked for. */
export function pinsOf(open: (board: string | undefined) => Promise<Board>): FlowPins {
  // Johnny-Five is loaded with the first pin.
  const pins = () => import("./flow-pins.js");
  return {
    async digitalInput(pin, { board, ...options } = {}) {
      return (await pins()).digitalInput(await open(board), pin, options);
    },
    async analogInput(channel, { board } = {}) {
      return (await pins()).analogInput(await open(board), channel);
    },
    async pinOutput(pin, { board, ...options } = {}) {
      return (await pins()).pinOutput(await open(board), pin, options);
    },
    async piezoOutput(pin, { board } = {}) {
      return (await pins()).piezoOutput(await open(board), pin);
    },
  };
}
