import type { AVRTimer, CPU } from "avr8js";

/** What avr8js keeps private of a timer and its next moment of interest depends on. */
interface TimerState {
  readonly config: AVRTimerRegisters;
  readonly timerMode: number;
  readonly ocrA: number;
  readonly ocrB: number;
  readonly tcnt: number;
  readonly countingUp: boolean;
  readonly divider: number;
  readonly lastCycle: number;
  readonly TOP: number;
  count: (reschedule?: boolean, external?: boolean) => void;
  phasePwmCount: (value: number, delta: number) => number;
}

interface AVRTimerRegisters {
  readonly TCCRA: number;
  readonly OCRA: number;
  readonly OCRB: number;
  readonly ICR: number;
  readonly TIFR: number;
}

/** avr8js's `TimerMode`, whose phase-correct members count up and down. */
const PHASE_CORRECT = 1;
const PHASE_AND_FREQUENCY_CORRECT = 4;

/** Counts until the timer's state can next matter: a compare match, its top, its return to zero. */
function countsToGo(timer: TimerState): number {
  const { tcnt, ocrA, ocrB, TOP, countingUp, timerMode } = timer;
  if (timerMode !== PHASE_CORRECT && timerMode !== PHASE_AND_FREQUENCY_CORRECT) {
    let target = TOP + 1;
    if (ocrA > tcnt && ocrA < target) target = ocrA;
    if (ocrB > tcnt && ocrB < target) target = ocrB;
    return Math.max(1, target - tcnt);
  }
  if (countingUp) {
    let target = TOP;
    if (ocrA > tcnt && ocrA < target) target = ocrA;
    if (ocrB > tcnt && ocrB < target) target = ocrB;
    return Math.max(1, target - tcnt);
  }
  let target = 0;
  if (ocrA < tcnt && ocrA > target) target = ocrA;
  if (ocrB < tcnt && ocrB > target) target = ocrB;
  return Math.max(1, tcnt - target);
}

/**
 * Makes a timer of avr8js wake only when something happens.
 *
 * As it comes it asks for an event at every count, sixteen million a second at clk/1, and sleeping firmware could
 * never be skipped over. Its `count()` takes any number of counts at once, so all that is needed is to ask for the
 * next interesting one, and to count up to now before a register that decides which one that is changes. The loop
 * in chip.ts runs each event at its exact time, without which `count()` could step over a match and a wrap at once.
 */
export function makeLazy(timer: AVRTimer, cpu: CPU): void {
  // The fields are private in avr8js's types and public at run time; the version is pinned.
  const state = timer as unknown as TimerState;
  const { config } = state;
  const count = state.count;

  // It counts up and down one by one, a third of all that sleeping firmware takes: what lies before the next count of
  // interest is skipped.
  const countPhase = state.phasePwmCount.bind(timer);
  state.phasePwmCount = (value, delta) => {
    const skipped = Math.max(0, Math.min(delta, countsToGo(state)) - 1);
    return countPhase(state.countingUp ? value + skipped : value - skipped, delta - skipped);
  };

  const schedule = () => {
    cpu.clearClockEvent(state.count);
    const dueAt = state.lastCycle + countsToGo(state) * state.divider;
    cpu.addClockEvent(state.count, dueAt - cpu.cycles);
  };
  state.count = (reschedule = true, external = false) => {
    const { divider } = state;
    count(false, external);
    // A new divider makes avr8js ask for its first event itself.
    if (reschedule && divider && state.divider === divider) schedule();
  };

  for (const register of [config.TCCRA, config.OCRA, config.OCRB, config.ICR]) {
    const write = cpu.writeHooks[register];
    if (!register || !write) continue;
    cpu.writeHooks[register] = (value, oldValue, address, mask) => {
      if (!state.divider) return write(value, oldValue, address, mask);
      count(false);
      const handled = write(value, oldValue, address, mask);
      schedule();
      return handled;
    };
  }

  // Flags are cleared by writing ones; avr8js also clears what is written as zero.
  const clearFlags = cpu.writeHooks[config.TIFR];
  if (clearFlags)
    cpu.writeHooks[config.TIFR] = (value, oldValue, address, mask) => {
      clearFlags(value, oldValue, address, mask);
      cpu.data[config.TIFR] = oldValue & ~value;
      return true;
    };
}
