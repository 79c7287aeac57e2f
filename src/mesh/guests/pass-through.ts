import { CONTROL_CHANNEL } from "../channel.js";
import { ToldFailure } from "../framed/failure.js";
import type { Handler, Mesh } from "../mesh.js";
import { passOn } from "../pass-on.js";

/**
 * Passes each message on to a target, on its channel, and answers with its ack, or with its failure.
 *
 * @param from In whose name; where that is not told apart, nobody's.
 * @param hasLanes Whether each sender has a session of its own with the target.
 */
export function passThrough(
  send: Mesh["send"],
  target: string,
  { from, hasLanes }: { readonly from?: string; readonly hasLanes: boolean },
): Handler {
  return (delivery) => {
    const { channel, message, signal, session, chain, hasDeadline, deadlineAtMs, trace } = delivery;
    if (channel === CONTROL_CHANNEL) {
      const reason = "no commands are passed on: nobody proves who he is to whom they are for";
      throw new ToldFailure({ code: "DENIED", reason });
    }
    // Without the last, which is this very place: it has the name of the target, and does not wait for itself.
    const cause = { chain: chain.slice(0, -1), trace, ...(hasDeadline && { deadlineAtMs }) };
    const lane = hasLanes ? session : undefined;
    const shared = { channel, signal, cause, lane, passesOn: delivery };
    return passOn(send(target, message, from === undefined ? shared : { ...shared, from }));
  };
}
