import { CircuitError } from "../../core/error.js";
import type { EmulatedLink } from "../../emulator/emulated-link.js";
import { CONTROL_CHANNEL } from "../../mesh/channel.js";
import type { Payload } from "../../mesh/payload.js";
import { readAnswer } from "../control.js";
import type { RunningCircuit } from "../running-circuit.js";
import type { Act } from "./seen.js";
import { textOfPayload } from "./text-of-payload.js";

/**
 * Does what a hand on the page does to a running circuit, and resolves with what came of it, in words.
 *
 * @throws {CircuitError} When it cannot be done.
 */
export async function actOn(running: RunningCircuit, act: Act): Promise<string> {
  switch (act.do) {
    case "press":
      emulatedOf(running, act.board).press(act.part);
      return `${act.part} is pressed`;
    case "release":
      emulatedOf(running, act.board).release(act.part);
      return `${act.part} is released`;
    case "turn":
      emulatedOf(running, act.board).turn(act.part, act.ratio);
      return `${act.part} is at ${Math.round(act.ratio * 100)} %`;
    case "warm":
      emulatedOf(running, act.board).warm(act.part, act.celsius);
      return `${act.part} has ${act.celsius} °C`;
    case "send":
      return `${act.node} answered ${textOfPayload(await running.send(act.node, act.message, act.channel))}`;
    case "publish":
      running.publish(act.subject, dataOf(act.data));
      return `${act.subject} is published`;
    case "swap":
      return swap(running, act.board, act.address);
  }
}

function emulatedOf(running: RunningCircuit, name: string): EmulatedLink {
  const emulated = running.openBoards().find((board) => board.name === name)?.emulated;
  if (emulated) return emulated;
  throw new CircuitError(
    "USAGE",
    `Cannot reach the parts of ${name}: it is not an emulated board that is there`,
    {
      hint: "Use your hands on a real one.",
    },
  );
}

/** Events carry JSON: what is none is a text. */
function dataOf(text: string): Payload {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Boards are moved by what `circuit swap` says to a node on them. */
async function swap(running: RunningCircuit, board: string, address: string): Promise<string> {
  const node = Object.keys(running.nodes()).find((name) => running.boardOf(name) === board);
  if (node === undefined) {
    throw new CircuitError("SWAP_REFUSED", `Cannot swap ${board}: no node drives it`, {
      hint: "Change its address in the configuration.",
    });
  }
  const { to, tookMs } = readAnswer(node, await running.send(node, { swap: address }, CONTROL_CHANNEL));
  return `${board} goes on with ${to}, after ${Math.round(tookMs)} ms`;
}
