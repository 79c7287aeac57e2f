/**
 * Lends ws masks that work word by word. ws looks for `websocketMask` and `websocketUnmask` of node:http, which this
 * Node may not have yet, when it is loaded: so this file is to be imported before it. Its own work byte by byte, which
 * binds frames from 256 bytes up. Where the program has loaded ws before, ws keeps its own, and all works as well.
 */
import http from "node:http";
import { mask } from "./mask.js";

interface WebSocketMasks {
  websocketMask?(source: Buffer, key: Buffer, output: Buffer, offset: number, length: number): void;
  websocketUnmask?(bytes: Buffer, key: Buffer): void;
}

// The cast: what this Node lacks its types lack too.
const masks = http as WebSocketMasks;

if (masks.websocketMask === undefined && masks.websocketUnmask === undefined) {
  masks.websocketMask = (source, key, output, offset, length) => {
    output.set(source.subarray(0, length), offset);
    mask(output, offset, offset + length, key.readInt32LE(0));
  };
  masks.websocketUnmask = (bytes, key) => mask(bytes, 0, bytes.length, key.readInt32LE(0));
}
