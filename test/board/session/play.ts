import type { Board } from "../../../src/board/board.js";
import type { ByteLink } from "../../../src/board/link/link.js";
import type { BoardSession } from "../../../src/board/session/board-session.js";
import { openSession } from "../../../src/board/session/session.js";
import type { Edge } from "../../../src/emulator/pins.js";
import { VirtualTime } from "../../../src/emulator/virtual-time.js";
import { VirtualUno } from "../../../src/emulator/virtual-uno.js";

/** A session with an emulated Uno in virtual time, and every edge of its pins. */
export interface Scene {
  readonly time: VirtualTime;
  readonly uno: VirtualUno;
  readonly session: BoardSession;
  readonly board: Board;
  readonly edges: Edge[];
  readonly notices: string[];
}

/** A link that says that it is so many times as quick as it is: as a chip's is whose clock differs. */
function boasting(link: ByteLink, times: number): ByteLink {
  return {
    address: link.address,
    bytesPerSecond: link.bytesPerSecond * times,
    open: (events, options) => link.open(events, options),
    write: (bytes) => link.write(bytes),
    drain: () => link.drain(),
    close: () => link.close(),
  };
}

/**
 * Plays a scene, and closes its session.
 *
 * @param times How many times as quick as it is the wire says that it is.
 */
export async function play(hex: string, act: (scene: Scene) => Promise<void>, times = 1): Promise<void> {
  using time = new VirtualTime();
  time.install();
  const uno = new VirtualUno({ time, firmware: hex });
  const notices: string[] = [];
  const notice = (text: string) => void notices.push(text);
  const session = await time.until(openSession({ link: boasting(uno, times), notice }));
  const edges: Edge[] = [];
  uno.onEdge((edge) => edges.push(edge));
  await act({ time, uno, session, board: session.board, edges, notices });
  await time.until(session.close());
}
