import type { Board } from "../board/board.js";
import { five } from "../board/session/piezo.js";
import { PIN_DEFAULTS, type ReactingPin } from "../config/pins.js";
import type { Clock } from "../core/clock.js";
import { CircuitError } from "../core/error.js";
import { type ObserverDefinition, on } from "../events/on.js";
import type { Payload } from "../mesh/payload.js";

export interface OutputPlace {
  readonly board: Board;
  readonly pin: string;
  readonly clock: Clock;
  /** Calls back when the circuit stops, which ends a pulse. */
  atEnd(ending: () => void): void;
}

/** Has an output react to events. It has reacted when the board has confirmed that. */
export function reactWith(place: OutputPlace, settings: ReactingPin): ObserverDefinition {
  const act = settings.do === "tone" ? sounding(place, settings) : switching(place, settings);
  return on(settings.on, async ({ subject, data }) => {
    act(subject, data);
    await place.board.confirm();
  });
}

type Act = (subject: string, data: Payload) => void;

function sounding(
  { board, pin }: OutputPlace,
  { toneHz = PIN_DEFAULTS.toneHz, forMs = PIN_DEFAULTS.forMs }: ReactingPin,
): Act {
  const piezo = new five.Piezo({ pin: Number(pin), board });
  return () => piezo.frequency(toneHz, forMs);
}

function switching(
  { board, pin, clock, atEnd }: OutputPlace,
  { do: what, forMs = PIN_DEFAULTS.forMs }: ReactingPin,
): Act {
  const output = new five.Pin({ pin: Number(pin), board });
  let level = 0;
  let cancel = () => {};
  atEnd(() => cancel());
  const write = (next: number) => {
    level = next;
    output.write(next);
  };
  return (subject, data) => {
    cancel();
    if (what === "toggle") write(1 - level);
    else if (what === "follow") write(levelOf(subject, data));
    else write(what === "low" ? 0 : 1);
    if (what === "pulse") cancel = clock.after(forMs, () => write(0));
  };
}

/** The level that an event's data says. */
function levelOf(subject: string, data: Payload): 0 | 1 {
  const value = typeof data === "object" && data !== null && "level" in data ? data.level : data;
  if (value === 1 || value === true || value === "1" || value === "true") return 1;
  if (value === 0 || value === false || value === "0" || value === "false") return 0;
  throw new CircuitError("MESSAGE_INVALID", `Cannot follow ${subject}: its data says no level`, {
    hint: 'Publish 0 or 1, true or false, or an object such as { "level": 1 }.',
  });
}
