/** A time of the circuit: minutes, seconds and milliseconds since it began, hours where there are some. */
export function clockOf(atMs: number): string {
  const hours = Math.floor(atMs / 3_600_000);
  const minutes = String(Math.floor(atMs / 60_000) % 60).padStart(2, "0");
  const seconds = ((atMs / 1_000) % 60).toFixed(3).padStart(6, "0");
  return `${hours > 0 ? `${hours}:` : ""}${minutes}:${seconds}`;
}
