import { createServer } from "node:http";

/** How often prices move, in milliseconds. */
const EVERY_MS = 1_000;

/**
 * A market on this machine: `GET /quote/AAPL` answers with a price that moves once a second. The same price has the same ETag.
 *
 * @returns Its address, and how to close it.
 */
export async function openMarket({ port = 0, everyMs = EVERY_MS } = {}) {
  const server = createServer((request, response) => {
    const [, symbol] = /^\/quote\/([A-Z]{1,5})$/.exec(request.url ?? "") ?? [];
    if (symbol === undefined) return response.writeHead(404).end();
    const moment = Math.floor(Date.now() / everyMs);
    const etag = `"${symbol}-${moment}"`;
    if (request.headers["if-none-match"] === etag) return response.writeHead(304).end();
    response.writeHead(200, { "Content-Type": "application/json", ETag: etag });
    response.end(JSON.stringify({ symbol, price: priceOf(symbol, moment) }));
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Waves of several lengths look enough like a market. */
function priceOf(symbol, moment) {
  const phase = [...symbol].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const waves = [7, 31, 173].map((length) => Math.sin((moment + phase) / length));
  return Number((100 + waves.reduce((sum, wave) => sum + 5 * wave, 0)).toFixed(2));
}
