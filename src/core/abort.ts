/**
 * What work comes to, but not longer than a signal allows.
 *
 * @throws The signal's own reason, when it is or becomes aborted first; what the work rejects with.
 */
export function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    work.then(resolve, reject).then(settled, settled);
  });
}
