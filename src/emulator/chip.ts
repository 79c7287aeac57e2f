import {
  AVRADC,
  AVRClock,
  AVREEPROM,
  AVRIOPort,
  AVRTimer,
  AVRTWI,
  AVRWatchdog,
  adcConfig,
  avrInstruction,
  avrInterrupt,
  CPU,
  EEPROMMemoryBackend,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  twiConfig,
  watchdogConfig,
} from "avr8js";
import { CLOCK_HZ } from "./baud.js";
import { makeLazy } from "./lazy-timer.js";
import type { SerialLine } from "./serial-line.js";
import { TwiBus, type TwiDevices } from "./twi-bus.js";

/** Static memory of an ATmega328P, in bytes (datasheet section 8.3). */
const SRAM_BYTES = 2_048;
const EEPROM_BYTES = 1_024;

const SREG = 0x5f;
const SMCR = 0x53;
const MCUSR = 0x54;
const PCICR = 0x68;
const PCMSK = [0x6b, 0x6c, 0x6d] as const;
const SLEEP_ENABLE = 0x01;
const GLOBAL_INTERRUPT = 0x80;

const SLEEP = 0x9588;
const SEI = 0x9478;
const RETI = 0x9518;

/** Interrupts take four cycles (datasheet section 7.7.1), of which avr8js counts two; four more out of sleep. */
const INTERRUPT_EXTRA_CYCLES = 2;
const WAKE_CYCLES = 4;

/** Why the chip starts, as MCUSR tells the firmware (datasheet section 11.9.1). */
export type ResetCause = "power" | "button" | "brown-out" | "watchdog";
const RESET_FLAG: Readonly<Record<ResetCause, number>> = {
  power: 0x01,
  button: 0x02,
  "brown-out": 0x04,
  watchdog: 0x08,
};

/** What avr8js keeps private of its CPU and the loop below needs. */
interface CpuInternals {
  nextClockEvent: { readonly cycles: number; readonly callback: () => void; next: unknown } | null;
  readonly nextInterrupt: number;
  readonly pendingInterrupts: readonly ({ readonly address: number; readonly constant?: boolean } | null)[];
}

export interface ChipOptions {
  readonly program: Uint16Array<ArrayBuffer>;
  readonly line: SerialLine;
  /** What hangs on its I2C bus. */
  readonly devices: TwiDevices;
  readonly cause: ResetCause;
  /** Cycle at which it starts: time goes on through a reset. */
  readonly startCycle: number;
  /** What survives a reset. */
  readonly before?: Chip | undefined;
}

/**
 * An ATmega328P between two resets: avr8js's parts, our USART, and a loop of our own around avr8js's instructions.
 *
 * The loop is ours because avr8js's `tick()` runs one clock event per call, forgets events that a callback moves,
 * takes an interrupt right after SEI and RETI where the chip runs one more instruction first (which loses wake-ups
 * of `sei; sleep`), and has no sleep. All sleep modes are taken as idle. This is the only file that knows avr8js
 * at run time.
 */
export class Chip {
  readonly cpu: CPU;
  /** Ports B, C and D. */
  readonly ports: readonly [AVRIOPort, AVRIOPort, AVRIOPort];
  readonly adc: AVRADC;
  /** The firmware let the watchdog run out; the owner replaces the chip. */
  watchdogBit = false;
  readonly #eeprom: EEPROMMemoryBackend;
  readonly #internals: CpuInternals;
  #asleep = false;
  #stopped = false;

  constructor({ program, line, devices, cause, startCycle, before }: ChipOptions) {
    const cpu = new CPU(program, SRAM_BYTES);
    this.cpu = cpu;
    // Private in avr8js's types, public at run time; the version is pinned.
    this.#internals = cpu as unknown as CpuInternals;
    cpu.cycles = startCycle;
    cpu.data[MCUSR] = RESET_FLAG[cause];
    if (before) cpu.data.set(before.cpu.data.subarray(0x100), 0x100);
    this.ports = [
      new AVRIOPort(cpu, portBConfig),
      new AVRIOPort(cpu, portCConfig),
      new AVRIOPort(cpu, portDConfig),
    ];
    for (const config of [timer0Config, timer1Config, timer2Config]) makeLazy(new AVRTimer(cpu, config), cpu);
    this.adc = new AVRADC(cpu, adcConfig);
    const twi = new AVRTWI(cpu, twiConfig, CLOCK_HZ);
    twi.eventHandler = new TwiBus(cpu, twi, CLOCK_HZ, devices);
    this.#eeprom = before ? before.#eeprom : new EEPROMMemoryBackend(EEPROM_BYTES);
    new AVREEPROM(cpu, this.#eeprom);
    this.#correctPinChange();
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, CLOCK_HZ));
    cpu.reset = () => {
      this.watchdogBit = true;
      this.#stopped = true;
    };
    line.attach(cpu);
  }

  /** Earliest cycle at which the firmware can do anything more: now, or the next event while it sleeps. */
  get wakesAt(): number {
    if (!this.#asleep || this.#interrupted) return this.cpu.cycles;
    return this.#internals.nextClockEvent?.cycles ?? Infinity;
  }

  get asleep(): boolean {
    return this.#asleep;
  }

  /** Whether an interrupt waits to be taken: what is outside may raise one between two runs. */
  get #interrupted(): boolean {
    return this.#internals.nextInterrupt >= 0 && ((this.cpu.data[SREG] ?? 0) & GLOBAL_INTERRUPT) !== 0;
  }

  /** Makes `run()` return after the present instruction. */
  stop(): void {
    this.#stopped = true;
  }

  /** Runs up to a cycle, a few more where an instruction straddles it, or until `stop()`. */
  run(untilCycle: number): void {
    const { cpu } = this;
    const internals = this.#internals;
    const { data, progMem } = cpu;
    this.#stopped = false;
    this.#runEvents();
    if (this.#asleep && this.#interrupted) this.#interrupt(internals.nextInterrupt);
    while (cpu.cycles < untilCycle && !this.#stopped) {
      let opcode = 0;
      if (this.#asleep) {
        cpu.cycles = Math.min(internals.nextClockEvent?.cycles ?? untilCycle, untilCycle);
      } else {
        opcode = progMem[cpu.pc] ?? 0;
        avrInstruction(cpu);
        if (opcode === SLEEP && (data[SMCR] ?? 0) & SLEEP_ENABLE) this.#asleep = true;
      }
      const event = internals.nextClockEvent;
      if (event !== null && event.cycles <= cpu.cycles) this.#runEvents();
      if (
        internals.nextInterrupt >= 0 &&
        (data[SREG] ?? 0) & GLOBAL_INTERRUPT &&
        opcode !== SEI &&
        opcode !== RETI
      )
        this.#interrupt(internals.nextInterrupt);
    }
  }

  /** Runs what is due, each event at its own time: the CPU may have passed it by the rest of an instruction. */
  #runEvents(): void {
    const { cpu } = this;
    const internals = this.#internals;
    const reached = cpu.cycles;
    for (let event = internals.nextClockEvent; event && event.cycles <= reached; ) {
      const { callback } = event;
      cpu.cycles = event.cycles;
      // Taken out before it runs, so that a callback may move itself; `clearClockEvent` keeps the pool right.
      cpu.clearClockEvent(callback);
      callback();
      event = internals.nextClockEvent;
    }
    cpu.cycles = reached;
  }

  #interrupt(number: number): void {
    const { cpu } = this;
    const pending = this.#internals.pendingInterrupts[number];
    if (!pending) return;
    cpu.cycles += INTERRUPT_EXTRA_CYCLES + (this.#asleep ? WAKE_CYCLES : 0);
    this.#asleep = false;
    avrInterrupt(cpu, pending.address);
    // It is the configuration that a peripheral queued, of which only these fields are typed here.
    if (!pending.constant) cpu.clearInterrupt(pending as Parameters<CPU["clearInterrupt"]>[0]);
  }

  /**
   * Pin change interrupts are enabled in PCICR, which avr8js does not watch; it takes the enable bits out of
   * PCMSK instead.
   */
  #correctPinChange(): void {
    const { cpu } = this;
    for (const address of PCMSK) delete cpu.writeHooks[address];
    cpu.writeHooks[PCICR] = (value) => {
      cpu.data[PCICR] = value;
      for (let group = 0; group < PCMSK.length; group++)
        cpu.updateInterruptEnable(
          {
            address: 0x06 + 2 * group,
            flagRegister: 0x3b,
            flagMask: 1 << group,
            enableRegister: PCICR,
            enableMask: 1 << group,
          },
          value,
        );
      return true;
    };
  }
}
