import type { LinkEnd, LinkEvents } from "../link.js";
import type { Node } from "../node.js";
import { Postbox } from "./postbox.js";

/**
 * Joins a sender to a node of the same process. Both directions are microtasks later, in order, so that a
 * sender never runs inside a handler or the other way round.
 *
 * @returns Closes the link; nothing is told afterwards.
 */
export function openMemoryLink(node: Node, channel: string, events: LinkEvents): () => void {
  let isOpen = true;
  const toNode = new Postbox<string>((message) => visitor.inbox.push(message));
  const toSender = new Postbox<string | (() => void)>((told) => {
    if (!isOpen) return;
    if (typeof told === "string") events.ack(told);
    else told();
  });
  const close = () => {
    isOpen = false;
    visitor.ended();
  };
  const end = (how: LinkEnd) =>
    toSender.post(() => {
      close();
      events.ended(how);
    });
  const visitor = node.open(
    channel,
    {
      isFull: () => false, // the sender's window bounds what is under way
      ack: (text) => toSender.post(text),
      refuse: (reason) => end({ kind: "refused", reason }),
      setReading: () => {},
    },
    () => end({ kind: "lost", reason: "the node has closed" }),
  );
  toSender.post(() => events.opened({ isFull: false, send: (text) => toNode.post(text), close }));
  return close;
}
