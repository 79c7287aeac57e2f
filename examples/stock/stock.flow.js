import { csv, defineFlow, Manager, processor, rest } from "circuit-five";
import { openMarket } from "./server.js";

/** The pipeline of one stock: asks for its price, takes from the answer what matters, adds a row to a CSV. */
export function stock(symbol, { url, everyMs = 1_000, path = `${symbol}.csv` } = {}) {
  return new Manager({
    name: symbol.toLowerCase(),
    runAlways: true,
    pipeline: {
      sources: { quotes: (context) => quotes(symbol, { url, everyMs }, context) },
      processors: {
        price: processor(({ content, date }) => ({ time: date, price: content.price }), { onError: "skip" }),
        file: csv(path, { columns: ["time", "price"], syncEveryMs: 1_000 }),
      },
      connections: [
        { from: "quotes", to: "price" },
        { from: "price", to: "file" },
      ],
    },
  });
}

/** Asks the server of that address, or one of its own. */
async function* quotes(symbol, { url, everyMs }, context) {
  const market = url === undefined ? await openMarket() : undefined;
  try {
    yield* rest(`${url ?? market.url}/quote/${symbol}`, { everyMs, failAfter: 10, check })(context);
  } finally {
    await market?.close();
  }
}

function check(content) {
  if (typeof content?.price === "number") return content;
  throw new Error(`there is no price in ${JSON.stringify(content)}`);
}

export default defineFlow({
  name: "stock",
  managers: ({ settings: { symbols = ["AAPL", "MSFT"], ...settings } }) =>
    symbols.map((symbol) => stock(symbol, settings)),
});
