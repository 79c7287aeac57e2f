/** What is known of the way between the two ends of a link. */
export interface Passage {
  /** Both ends are on this machine. */
  readonly isLocal: boolean;
  /** Nobody between the ends can read or change what travels: TLS. */
  readonly isSecret: boolean;
  /** What only the two ends of this TLS connection know (RFC 9266, `tls-exporter`); empty without TLS. */
  readonly binding: Uint8Array;
}

/** Within a process. */
export const WITHIN: Passage = { isLocal: true, isSecret: true, binding: new Uint8Array() };
