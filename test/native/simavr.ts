import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { temporaryFolder } from "../temporary-folder.js";
import { simavrPty } from "./native.js";

/** A change of a digital pin's level, at a moment of the chip's own time. */
export interface Edge {
  readonly pin: number;
  readonly level: 0 | 1;
  readonly us: number;
}

/** An ATmega328P that runs a firmware in real time behind a tty. */
export interface Simavr {
  /** The tty, to be opened like a board's port, any number of times. */
  readonly path: string;

  /** Every edge of D0 to D19 so far; it grows. */
  readonly edges: readonly Edge[];

  /**
   * Resolves with what `find` makes of the edges, as soon as that is not `undefined`.
   *
   * @throws After `limitMs`, saying `what` did not happen and what did.
   */
  until<T>(what: string, find: (edges: readonly Edge[]) => T | undefined, limitMs?: number): Promise<T>;

  /** Drives a pin from outside, as a button does. The chip's pull-up is not seen through it. */
  drive(pin: number, level: 0 | 1): void;

  /** Puts a voltage on an analog input, A0 to A5 by number. */
  applyMillivolts(channel: number, millivolts: number): void;

  /** All bytes of its program memory. */
  programMemory(): Promise<Uint8Array>;

  /** Ends the chip; safe to call twice. */
  stop(): Promise<void>;
}

function parseEdge(line: string): Edge {
  const [pin = -1, level = 0, us = 0] = line.split(" ").map(Number);
  return { pin, level: level === 1 ? 1 : 0, us };
}

class RunningSimavr implements Simavr {
  readonly path: string;
  readonly edges: Edge[] = [];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #watchers = new Set<() => void>();
  readonly #dumps: (() => void)[] = [];

  constructor(path: string, child: ChildProcessByStdio<Writable, Readable, null>) {
    this.path = path;
    this.#child = child;
  }

  take(line: string): void {
    if (line === "dumped") {
      this.#dumps.shift()?.();
      return;
    }
    this.edges.push(parseEdge(line));
    for (const look of [...this.#watchers]) look();
  }

  until<T>(what: string, find: (edges: readonly Edge[]) => T | undefined, limitMs = 5_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(limit);
        this.#watchers.delete(look);
      };
      const look = () => {
        const found = find(this.edges);
        if (found === undefined) return;
        end();
        resolve(found);
      };
      const limit = setTimeout(() => {
        end();
        const last = this.edges.slice(-6).map(({ pin, level, us }) => `D${pin}=${level} at ${us} µs`);
        reject(new Error(`No ${what} within ${limitMs} ms; last edges: ${last.join(", ") || "none"}`));
      }, limitMs);
      this.#watchers.add(look);
      look();
    });
  }

  drive(pin: number, level: 0 | 1): void {
    this.#child.stdin.write(`pin ${pin} ${level}\n`);
  }

  applyMillivolts(channel: number, millivolts: number): void {
    this.#child.stdin.write(`analog ${channel} ${millivolts}\n`);
  }

  async programMemory(): Promise<Uint8Array> {
    const path = join(temporaryFolder(), "flash.bin");
    const dumped = new Promise<void>((resolve) => this.#dumps.push(resolve));
    this.#child.stdin.write(`dump ${path}\n`);
    await Promise.race([dumped, once(this.#child, "exit")]);
    return readFile(path);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    await ended;
  }
}

/** What a chip starts with: a firmware, HEX or ELF, or nothing but a boot loader (HEX). */
export type ChipContents = { readonly firmware: string } | { readonly bootLoader: string };

/**
 * Starts a chip. With a firmware its first microsecond is the moment of reset; with a boot loader it is reset whenever its
 * tty is opened.
 *
 * @throws Where the program cannot be built or ends before its pty is open.
 */
export async function startSimavr(contents: ChipContents): Promise<Simavr> {
  const args = "firmware" in contents ? [contents.firmware] : ["--boot", contents.bootLoader];
  const child = spawn(await simavrPty(), args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {}); // a command to a chip that has ended: stop() tells
  const lines = createInterface({ input: child.stdout });
  let simavr: RunningSimavr | undefined;
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`simavr-pty ended with code ${code} before it had a pty`)));
    lines.on("line", (line) => {
      if (simavr) {
        simavr.take(line);
      } else {
        simavr = new RunningSimavr(line, child);
        resolve(simavr);
      }
    });
  });
}
