import { CircuitError } from "../../core/error.js";

/** The library's words for why a port did not open, on Linux, macOS and Windows, as an error with a remedy. */
export function openError(path: string, cause: Error): CircuitError {
  const problem = cause.message.replace(/^Error:? */, "");
  if (/no such file|file not found|ENOENT|No such device/i.test(problem)) {
    return new CircuitError("PORT_MISSING", `Cannot open ${path}: there is no such port`, {
      hint: "Plug the board in and look for its port with `circuit boards`.",
      cause,
    });
  }
  if (/permission denied|EACCES|EPERM|operation not permitted/i.test(problem)) {
    return new CircuitError("PORT_DENIED", `Cannot open ${path}: this user may not use it`, {
      hint: "Run `sudo usermod -aG dialout $USER` and log in again; on Arch the group is uucp.",
      cause,
    });
  }
  if (/cannot lock|temporarily unavailable|busy|access denied|EBUSY/i.test(problem)) {
    return new CircuitError("PORT_BUSY", `Cannot open ${path}: another program has it open`, {
      hint: "Close the other program (an Arduino serial monitor?); to share one board among sketches use `circuit run`.",
      cause,
    });
  }
  const isOther = /inappropriate ioctl|is a directory|ENOTTY|EISDIR/i.test(problem);
  return new CircuitError(
    "LINK_FAILED",
    `Cannot open ${path}: ${isOther ? "it is no serial port" : problem}`,
    {
      hint: "Give the path of a serial port: `circuit boards` lists those that there are.",
      cause,
    },
  );
}

/** A port that does not take a speed. */
export function speedError(path: string, baud: number, cause: Error): CircuitError {
  return new CircuitError("LINK_FAILED", `Cannot run ${path} at ${baud} baud: ${cause.message}`, {
    hint: "Write ?baud=57600 behind the port to stay at that speed.",
    cause,
  });
}

/** A port that is there no more. */
export function lostError(path: string, cause: unknown): CircuitError {
  return new CircuitError("BOARD_LOST", `Cannot reach the board on ${path} any more: the port has gone`, {
    hint: "Plug the cable in again.",
    cause,
  });
}
