import { type BoardAddress, badAddress, baudOf, isBaudFixed, parseAddress } from "../board/link/address.js";
import type { ByteLink } from "../board/link/link.js";
import type { PortFinder } from "../board/link/port-finder.js";
import type { Relink } from "../board/session/recovery/search.js";
import type { Clock } from "../core/clock.js";
import type { Attachment } from "../wiring/attachments.js";

/** What a link may need to know of the circuit. */
export interface LinkContext {
  /** What hangs on the board's pins, for an emulated one. */
  readonly attachments: readonly Attachment[];
  /** Whether outputs are to stay as they are from one run to the next. */
  readonly holds?: boolean;
  /** What a recorded board goes by. */
  readonly clock?: Clock;
  /** Takes what a person should know. */
  readonly notice?: (text: string) => void;
}

/** A link, and what makes another to the same board when it has gone and come back; some boards do not. */
export interface BoardLink {
  readonly link: ByteLink;
  readonly relink?: Relink;
}

/** Makes the link that an address of one scheme describes, without opening it. */
interface LinkMaker {
  /** Whether it is worth while to look for such a board that is not there. */
  readonly comesLater?: true;
  /** Names of the settings that the address may have. */
  readonly settings: readonly string[];
  make(address: BoardAddress, context: LinkContext): Promise<BoardLink>;
}

/**
 * Every address that `--board` takes, by scheme. Each loads what it needs when it is asked for: a simulated run
 * loads no native code.
 */
const MAKERS: Readonly<Record<string, LinkMaker>> = {
  port: {
    comesLater: true,
    settings: ["baud"],
    make: (address, context) => serial(address, address.target, context),
  },

  auto: {
    comesLater: true,
    settings: ["baud"],
    async make(address, context) {
      const { choosePort, listPorts } = await import("../board/link/ports.js");
      return serial(address, choosePort(await listPorts()), context);
    },
  },

  serial: {
    comesLater: true,
    settings: ["baud"],
    async make(address, context) {
      if (address.target === "") throw badAddress(address.text, "it is not serial:NUMBER");
      const { findBySerialNumber } = await import("../board/link/port-finder.js");
      const find = () => findBySerialNumber(address.target);
      return serial(address, await find(), context, { find });
    },
  },

  tcp: {
    comesLater: true,
    settings: [],
    async make({ text, target }) {
      const { FIRMATA_TCP_PORT, tcpLink } = await import("../board/link/tcp.js");
      const matched = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(target);
      const port = Number(matched?.[2] ?? FIRMATA_TCP_PORT);
      if (!matched || port < 1 || port > 65_535) throw badAddress(text, "it is not tcp://HOST:PORT");
      const host = (matched[1] ?? "").replace(/^\[|\]$/g, "");
      return { link: tcpLink({ host, port }), relink: async () => tcpLink({ host, port }) };
    },
  },

  sim: {
    settings: ["baud", "firmware"],
    async make(address, { attachments }) {
      const { text, target, settings } = address;
      if (target !== "uno") throw badAddress(text, `there is no emulated "${target}", only sim:uno`);
      const { PacedUno } = await import("../emulator/paced-uno.js");
      const firmware = settings.get("firmware");
      const baud = isBaudFixed(address) ? baudOf(address) : undefined;
      return {
        link: new PacedUno({ address: text, attachments, baud, ...(firmware !== undefined && { firmware }) }),
      };
    },
  },

  mock: {
    settings: ["firmware"],
    async make({ text, settings }) {
      const { MockBoard } = await import("../board/link/mock.js");
      const firmware = settings.get("firmware") ?? "circuit";
      if (firmware !== "circuit" && firmware !== "standard") {
        throw badAddress(text, `its firmware is "${firmware}", not circuit or standard`);
      }
      return { link: new MockBoard({ address: text, firmware }) };
    },
  },

  replay: {
    settings: ["board"],
    async make({ text, target, settings }, context) {
      if (target === "") throw badAddress(text, "it is not replay:FILE");
      const { openReplay } = await import("../record/replay.js");
      const replay = await openReplay(target, { ...context, address: text, board: settings.get("board") });
      return { link: await replay.relink(), relink: replay.relink };
    },
  },
};

/**
 * Makes the link that an address describes, without opening it.
 *
 * @throws {CircuitError} `USAGE` when the address or a setting is not known.
 */
export async function makeLink(text: string, context: LinkContext): Promise<BoardLink> {
  const address = parseAddress(text);
  const maker = MAKERS[address.scheme];
  if (!maker) throw badAddress(text, `"${address.scheme}" is no kind of board that is known here`);
  for (const setting of address.settings.keys()) {
    if (maker.settings.includes(setting)) continue;
    const known = maker.settings.length > 0 ? `only ${maker.settings.join(", ")}` : "it takes none";
    throw badAddress(text, `it has no setting "${setting}", ${known}`);
  }
  return maker.make(address, context);
}

/** A board on a serial port, which is looked for wherever it is plugged in. */
async function serial(
  address: BoardAddress,
  path: string,
  { holds = false, notice = () => {} }: LinkContext,
  known?: Pick<PortFinder, "find">,
): Promise<BoardLink> {
  const [{ serialLink }, { PortFinder }] = await Promise.all([
    import("../board/link/serial.js"),
    import("../board/link/port-finder.js"),
  ]);
  const finder = known ?? new PortFinder(path);
  const settings = { baud: baudOf(address), isFixed: isBaudFixed(address), holds, notice };
  return {
    link: serialLink({ ...settings, path }),
    relink: async () => serialLink({ ...settings, path: await finder.find() }),
  };
}

/** Whether a board that is not there may be there later: on a serial port or a network. */
export function comesLater(address: string): boolean {
  return MAKERS[parseAddress(address).scheme]?.comesLater === true;
}

/** Whether an address is that of an emulated board. */
export function isEmulated(address: string): boolean {
  return parseAddress(address).scheme === "sim";
}
