import { styleText } from "node:util";
import type { CircuitEvent, Summary, ToldStandstill } from "../circuit/progress.js";
import { describeStanding } from "../circuit/standstill.js";
import type { Cli } from "./cli.js";
import { statusLine } from "./flow-status.js";

export interface ReporterOptions {
  /** Every event as a line of JSON. */
  readonly json?: boolean;
  /** Nothing but the summary, and notices of trouble. */
  readonly quiet?: boolean;
}

/** Takes a circuit's events and tells a person, or with `json` a program, of them. */
export function reporter(cli: Cli, { json, quiet }: ReporterOptions): (event: CircuitEvent) => void {
  if (json) return (event) => cli.print(JSON.stringify(event));
  return (event) => {
    if (event.type === "summary") {
      for (const line of describeSummary(event)) cli.print(line);
    } else if (!quiet || event.type === "notice" || event.type === "standstill") {
      tell(cli, event);
    }
  };
}

function tell(cli: Cli, event: Exclude<CircuitEvent, { type: "summary" }>): void {
  switch (event.type) {
    case "out":
      cli.print(`${paint(cli, "cyan", `[ ${event.node} ]`)} ${event.text}`);
      break;
    case "board":
      cli.log(
        paint(cli, "gray", `${event.address}: ${event.firmware}, ready in ${Math.round(event.readyMs)} ms`),
      );
      break;
    case "listening":
      cli.log(paint(cli, "gray", `${event.node} listens on ${event.addresses.join(" and ")}`));
      break;
    case "standstill":
      for (const line of describeStandstill(event)) cli.log(paint(cli, "yellow", line));
      break;
    case "notice":
      cli.log(paint(cli, "yellow", event.text));
      break;
  }
}

function describeStandstill(event: ToldStandstill): string[] {
  const { board, message, hint, isSought } = event;
  const until = isSought ? ` until ${board} is there` : "";
  return [
    `${board}: ${message}; ${describeStanding(event)}${until}, all else goes on`,
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ];
}

function paint(cli: Cli, color: "cyan" | "gray" | "yellow", text: string): string {
  return cli.color ? styleText(color, text) : text;
}

function describeSummary({ ticks, acks, confirmedWrites, edges, p50Ms, p99Ms, flows }: Summary): string[] {
  const lines: string[] = [];
  const counts = [
    ...(ticks > 0 ? [plural(ticks, "tick"), plural(acks, "ack")] : []),
    ...(confirmedWrites > 0 || flows === undefined ? [plural(confirmedWrites, "confirmed write")] : []),
  ];
  if (counts.length > 0) lines.push(counts.join(", "));
  for (const [flow, managers] of Object.entries(flows ?? {}))
    for (const manager of managers) lines.push(`${flow}/${statusLine(manager)}`);
  for (const [board, pins] of Object.entries(edges ?? {})) {
    const seen = Object.entries(pins).map(([pin, count]) => `${plural(count, "edge")} on pin ${pin}`);
    if (seen.length > 0) lines.push(`seen on ${board === "board" ? "the board" : board}: ${seen.join(", ")}`);
  }
  if (p50Ms !== null && p99Ms !== null) {
    lines.push(`tick to ack: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`);
  }
  return lines;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
