import type { Clock } from "../../../core/clock.js";
import { FrameSplitter } from "../../../firmata/frames.js";
import { decodeToHost } from "../../../firmata/to-host.js";
import type { Wire } from "../wire.js";
import { LineSpeed } from "./line-speed.js";
import { LineTalk } from "./line-talk.js";

/**
 * Agrees on a speed with a board that has been linked, and that no session uses yet.
 *
 * @param listen Called at once with who is to hear the board's bytes until then.
 * @returns Code of the speed, an index of `LINE_BAUDS`.
 */
export async function agreeUnheard(
  wire: Wire,
  clock: Clock,
  listen: (data: (bytes: Uint8Array) => void) => void,
): Promise<number> {
  const talk = new LineTalk({ clock, send: (frame) => wire.send(frame) });
  const splitter = new FrameSplitter("toHost", { frame: (frame) => talk.receive(decodeToHost(frame)) });
  listen((bytes) => splitter.push(bytes));
  const speed = new LineSpeed(talk, wire.link);
  await speed.agree();
  return speed.code;
}
