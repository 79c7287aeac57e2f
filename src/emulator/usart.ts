import type { CPU } from "avr8js";
import { BITS_PER_BYTE, type ReadByte } from "./baud.js";

type Interrupt = Parameters<CPU["updateInterruptEnable"]>[0];

// Registers of USART0 in data space, datasheet section 19.10 and the register summary of section 30.
const UCSRA = 0xc0;
const UCSRB = 0xc1;
const UCSRC = 0xc2;
const UBRRL = 0xc4;
const UBRRH = 0xc5;
const UDR = 0xc6;

// UCSR0A
const RXC = 0x80;
const TXC = 0x40;
const UDRE = 0x20;
const FE = 0x10;
const DOR = 0x08;
const U2X = 0x02;
const MPCM = 0x01;

// UCSR0B
const RXCIE = 0x80;
const TXCIE = 0x40;
const UDRIE = 0x20;
const RXEN = 0x10;
const TXEN = 0x08;

/** Frames that the receive buffer holds behind the shift register (section 19.7.3). */
const FIFO_FRAMES = 2;

// Vectors as word addresses (section 11.4). Receive complete and data register empty are levels: they ask for as
// long as their flag stands (sections 19.7.3 and 19.6.3), so taking the interrupt does not clear it.
const RX_COMPLETE = interrupt(0x24, RXC, RXCIE, true);
const DATA_EMPTY = interrupt(0x26, UDRE, UDRIE, true);
const TX_COMPLETE = interrupt(0x28, TXC, TXCIE, false);

function interrupt(address: number, flag: number, enable: number, constant: boolean): Interrupt {
  return {
    address,
    flagRegister: UCSRA,
    flagMask: flag,
    enableRegister: UCSRB,
    enableMask: enable,
    constant,
  };
}

interface BufferedFrame extends ReadByte {
  /** Frames were lost between the one read before this one and this one. */
  readonly overrun: boolean;
}

/** A frame leaving the chip, told when its stop bit has ended. */
export type SentFrame = (value: number, startedAt: number, cyclesPerBit: number) => void;

/**
 * USART0 of an ATmega328P, as its datasheet (DS40002061, section 19) describes it: asynchronous, 8N1.
 *
 * It exists because avr8js's own differs where a protocol feels it: that one holds a single byte, overwrites it
 * without an overrun, sends a byte when it is written instead of when it has left, and clears UDRE on interrupt.
 * Frame formats other than 8N1 and the synchronous modes are not modelled.
 */
export class Usart {
  readonly #cpu: CPU;
  readonly #sent: SentFrame;
  #fifo: BufferedFrame[] = [];
  /** A frame that is complete in the shift register, because the buffer is full. */
  #held: BufferedFrame | undefined;
  #lost = false;
  #lastRead = 0;
  #shifting: number | undefined;
  #buffered: number | undefined;
  #shiftStartedAt = 0;
  #shiftBit = 0;

  constructor(cpu: CPU, sent: SentFrame) {
    this.#cpu = cpu;
    this.#sent = sent;
    cpu.data[UCSRA] = UDRE;
    cpu.data[UCSRC] = 0x06;
    cpu.writeHooks[UCSRA] = (value) => this.#writeStatus(value);
    cpu.writeHooks[UCSRB] = (value) => this.#writeControl(value);
    cpu.writeHooks[UDR] = (value) => this.#writeData(value);
    cpu.readHooks[UDR] = () => this.#readData();
  }

  /** Length of a bit at the chip's present rate, in cycles. */
  get cyclesPerBit(): number {
    const { data } = this.#cpu;
    const divisor = ((this.#register(UBRRH) & 0x0f) << 8) | this.#register(UBRRL);
    return ((data[UCSRA] ?? 0) & U2X ? 8 : 16) * (divisor + 1);
  }

  /** Cycle at which the byte that is leaving will have left; `Infinity` where none is. */
  get leavesAt(): number {
    return this.#shifting === undefined ? Infinity : this.#shiftStartedAt + BITS_PER_BYTE * this.#shiftBit;
  }

  /** A start bit has begun: what is still held in the shift register is overwritten from now on. */
  startBit(): void {
    if (!this.#held) return;
    this.#held = undefined;
    this.#lost = true;
  }

  /** A frame is complete in the shift register. */
  receive({ value, frameError }: ReadByte): void {
    if (!(this.#register(UCSRB) & RXEN)) return;
    const frame = { value, frameError, overrun: this.#lost };
    this.#lost = false;
    if (this.#fifo.length < FIFO_FRAMES) this.#fifo.push(frame);
    else this.#held = frame;
    this.#refresh();
  }

  #register(address: number): number {
    return this.#cpu.data[address] ?? 0;
  }

  #readData(): number {
    const frame = this.#fifo.shift();
    if (frame) this.#lastRead = frame.value;
    if (this.#held) {
      this.#fifo.push(this.#held);
      this.#held = undefined;
    }
    this.#refresh();
    return this.#lastRead;
  }

  #writeData(value: number): true {
    // While the buffer is full, and without a transmitter, what is written is ignored (section 19.6).
    if (!(this.#register(UCSRB) & TXEN) || this.#buffered !== undefined) return true;
    if (this.#shifting === undefined) this.#shift(value, this.#cpu.cycles);
    else this.#buffered = value;
    this.#refresh();
    return true;
  }

  #shift(value: number, at: number): void {
    this.#shifting = value;
    this.#shiftStartedAt = at;
    this.#shiftBit = this.cyclesPerBit;
    this.#cpu.addClockEvent(this.#shifted, this.leavesAt - this.#cpu.cycles);
  }

  readonly #shifted = (): void => {
    const value = this.#shifting ?? 0;
    const startedAt = this.#shiftStartedAt;
    const bit = this.#shiftBit;
    this.#shifting = undefined;
    if (this.#buffered === undefined) this.#cpu.setInterruptFlag(TX_COMPLETE);
    else {
      const next = this.#buffered;
      this.#buffered = undefined;
      this.#shift(next, startedAt + BITS_PER_BYTE * bit);
    }
    this.#refresh();
    this.#sent(value, startedAt, bit);
  };

  /** Writing 1 clears TXC; U2X and MPCM are settings; the other flags are the chip's (section 19.10.2). */
  #writeStatus(value: number): true {
    const { data } = this.#cpu;
    if (value & TXC) this.#cpu.clearInterrupt(TX_COMPLETE);
    data[UCSRA] = (this.#register(UCSRA) & ~(U2X | MPCM)) | (value & (U2X | MPCM));
    return true;
  }

  #writeControl(value: number): true {
    this.#cpu.data[UCSRB] = value;
    // Switching the receiver off empties its buffer (section 19.7.6); the transmitter finishes what it has.
    if (!(value & RXEN)) {
      this.#fifo = [];
      this.#held = undefined;
      this.#lost = false;
    }
    this.#cpu.updateInterruptEnable(TX_COMPLETE, value);
    this.#refresh();
    return true;
  }

  /** Brings the flags and the two level interrupts in line with the buffers. */
  #refresh(): void {
    const cpu = this.#cpu;
    const [head] = this.#fifo;
    let status = this.#register(UCSRA) & (TXC | U2X | MPCM);
    if (head) status |= RXC | (head.frameError ? FE : 0) | (head.overrun ? DOR : 0);
    if (this.#buffered === undefined) status |= UDRE;
    cpu.data[UCSRA] = status;
    cpu.updateInterruptEnable(RX_COMPLETE, this.#register(UCSRB));
    cpu.updateInterruptEnable(DATA_EMPTY, this.#register(UCSRB));
    if (!(status & RXC)) cpu.clearInterrupt(RX_COMPLETE, false);
    if (!(status & UDRE)) cpu.clearInterrupt(DATA_EMPTY, false);
  }
}
