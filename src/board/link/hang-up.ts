import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Has a terminal leave its lines on when it is closed, also by the end of its process: no edge of DTR then resets the
 * board when it is opened next. The serialport library can leave the flag, HUPCL, as it is, and cannot clear it; `stty`,
 * which every Unix has, clears it while the port is open, and the system keeps that until the board is unplugged.
 *
 * @param path Of the terminal, which is open.
 * @returns Whether it was done.
 */
export async function keepLinesOn(path: string): Promise<boolean> {
  const file = process.platform === "darwin" ? "-f" : "-F";
  const stty = spawn("stty", [file, path, "-hupcl"], { stdio: "ignore" });
  try {
    const [code] = await once(stty, "exit");
    return code === 0;
  } catch {
    return false; // there is no stty
  }
}
