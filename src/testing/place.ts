import { relayOnLevel } from "../emulator/output-parts.js";
import { levelOf, netOf, pinOf } from "../emulator/part.js";
import type { Level } from "../emulator/pins.js";
import type { Attachment } from "../wiring/attachments.js";

/** Where a part is wired. */
export interface Place {
  readonly id: string;
  /** `undefined` for a part on the I2C bus. */
  readonly pin: number | undefined;
  /** The level at which it is on. */
  readonly onLevel: Level;
}

/** Where a part with one pin is. */
export function placeOf({ part, type, attrs, terminals }: Attachment): Place {
  const nets = Object.entries(terminals).map(([terminal, name]) => [terminal, netOf(name)] as const);
  const [terminal, net] = nets.find(([, each]) => pinOf(each) !== undefined) ?? [];
  if (type === "wokwi-relay-module") return { id: part, pin: pinOf(net), onLevel: relayOnLevel(attrs) };
  // An LED whose anode is at the supply is lit by a low pin.
  const isInverse = terminal === "C" && nets.some(([other, each]) => other === "A" && levelOf(each) === 1);
  return { id: part, pin: pinOf(net), onLevel: isInverse ? 0 : 1 };
}
