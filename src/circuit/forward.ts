import { CONTROL_CHANNEL } from "../mesh/channel.js";
import { ToldFailure } from "../mesh/framed/failure.js";
import type { Cause, Delivery, Handler, Mesh } from "../mesh/mesh.js";
import { passOn } from "../mesh/pass-on.js";
import { BRIDGE_MARK } from "./control.js";

/**
 * The name in which bridges send: that of their credential, where nodes have some. Nobody proves his name to a bridge over
 * NATS, so that it vouches for none.
 */
const BRIDGE_NODE = "bridge";

/**
 * Passes each message on to a node of another mesh, on its channel, and answers with its ack, or with its failure.
 *
 * Each sender's go by a session of their own, in the order in which the handler is called: a node that is served so with
 * a concurrency of a window keeps the order of each channel and the pace of the far receiver.
 *
 * @param bridge Names the bridge among all.
 */
export function forwardTo(mesh: Mesh, target: string, bridge: string): Handler {
  const mark = BRIDGE_MARK + bridge;
  return (delivery) => {
    if (delivery.channel === CONTROL_CHANNEL) {
      const reason = "a bridge passes no commands on: nobody proves who he is to it";
      throw new ToldFailure({ code: "DENIED", reason });
    }
    const cause = causeOf(delivery, mark);
    if (cause === undefined) {
      const reason = `bridges pass ${target} to each other: each knows it only from the other`;
      throw new ToldFailure({ code: "CALL_CYCLE", reason });
    }
    const { channel, message, signal, session } = delivery;
    const options = { from: BRIDGE_NODE, channel, signal, cause, lane: session, passesOn: delivery };
    return passOn(mesh.send(target, message, options));
  };
}

/**
 * The chain of calls without the bridge's own node, which has the name of the one beyond it and does not wait for
 * itself; `undefined` where the message has been here, and since then at bridges only.
 */
function causeOf({ chain, deadlineAtMs, hasDeadline, trace }: Delivery, mark: string): Cause | undefined {
  const callers = chain.slice(0, -1);
  const bridges = callers.slice(callers.findLastIndex((caller) => !caller.startsWith(BRIDGE_MARK)) + 1);
  if (bridges.includes(mark)) return undefined;
  return { chain: [...callers, mark], trace, ...(hasDeadline && { deadlineAtMs }) };
}
