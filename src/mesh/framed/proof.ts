/**
 * Proofs of `circuit.1`: how each end of a link shows that it knows a secret, without telling it. docs/protocol.md
 * describes each byte. Pure functions but for the nonces.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Key, MOST_KEYS } from "../safety/keyring.js";
import { PROOF_BYTES } from "./records.js";

/** Length of a nonce, in bytes: never drawn twice by chance. */
const NONCE_BYTES = 32;

/** Who proves. The words differ so that neither end can send the other its own proof back. */
export type Role = "receiver" | "sender";

/** What both ends know of a link, and what its proofs therefore hold for. */
export interface Transcript {
  /** Name of the node that sends. */
  readonly from: string;
  /** Name and boot id of the node that receives. */
  readonly node: string;
  readonly boot: string;
  /** `digestOf()` the frame with the hello: the session's id, what it resumes, and the sender's nonce stand in it. */
  readonly hello: Uint8Array;
  /** The receiver's nonce. */
  readonly nonce: Uint8Array;
  /** What only the two ends of this TLS connection know (RFC 9266, `tls-exporter`); empty without TLS. */
  readonly binding: Uint8Array;
}

/** A fresh nonce. */
export function makeNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** SHA-256 of a frame, byte for byte. */
export function digestOf(frame: Uint8Array): Uint8Array {
  return createHash("sha256").update(frame).digest();
}

/** The proof that `role` knows a key: HMAC-SHA-256 over the parts of the transcript, each behind its length. */
export function prove(role: Role, key: Key, transcript: Transcript): Uint8Array {
  const { from, node, boot, hello, nonce, binding } = transcript;
  const parts = [`circuit.1 ${role}`, from, node, boot, hello, nonce, binding];
  const hmac = createHmac("sha256", key);
  for (const part of parts) {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest();
}

/** Stands where a name has no key, so that the time of a check does not tell how many it has. */
const DECOY: Key = randomBytes(PROOF_BYTES);

/** The key by which one of some proofs is good, if any is. Takes as long for a name that is not known. */
export function findProvenKey(
  proofs: readonly Uint8Array[],
  {
    role,
    keys,
    transcript,
  }: { readonly role: Role; readonly keys: readonly Key[]; readonly transcript: Transcript },
): Key | undefined {
  let proven: Key | undefined;
  for (let slot = 0; slot < MOST_KEYS; slot++) {
    const key = keys[slot];
    const expected = prove(role, key ?? DECOY, transcript);
    for (const proof of proofs) if (timingSafeEqual(expected, proof) && key) proven = key;
  }
  return proven;
}

/** What greetings prove with. They are handed it, so that who has no secrets to prove needs no cryptography. */
export interface Prover {
  makeNonce(): Uint8Array;
  digestOf(frame: Uint8Array): Uint8Array;
  prove(role: Role, key: Key, transcript: Transcript): Uint8Array;
  findProvenKey: typeof findProvenKey;
}

export const prover: Prover = { makeNonce, digestOf, prove, findProvenKey };
