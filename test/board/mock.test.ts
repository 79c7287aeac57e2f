import { MockBoard } from "../../src/board/link/mock.js";
import { boardContract } from "../contract/board.js";

for (const firmware of ["circuit", "standard"] as const) {
  boardContract(`A mock with the manners of ${firmware}`, async () => {
    const link = new MockBoard({ firmware });
    return {
      link,
      levels: async (pin) => link.edges.filter((edge) => edge.pin === pin).map(({ level }) => level),
      stop: async () => {},
    };
  });
}
