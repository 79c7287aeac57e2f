/**
 * What names secrets in the environment: `CIRCUIT_CREDENTIALS`, `CIRCUIT_NATS_*`, `CIRCUIT_TOKEN`, and the `nats`
 * client's own. A new one belongs here.
 */
const SECRET = /^(CIRCUIT_(CREDENTIALS|TOKEN|NATS_\w+)|NATS_(CREDS|NKEY|TOKEN|USER|PASSWORD|KEY))$/i;

/** The environment of a command that an event runs: ours without secrets, and with the event's own words. */
export function commandEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  { subject, headers }: { readonly subject: string; readonly headers: Readonly<Record<string, string>> },
): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !SECRET.test(name));
  return {
    ...Object.fromEntries(kept),
    CIRCUIT_SUBJECT: subject,
    CIRCUIT_HEADERS: JSON.stringify(headers),
  };
}
