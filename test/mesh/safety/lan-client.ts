// A foreign client in a network namespace. Arguments: a URL, a Host header or "-", and the subprotocol to ask for.
// Prints the answer to a message, or the status by which it was refused.
import { WebSocket } from "ws";

const [url = "", host = "-", protocol] = process.argv.slice(2);
const ws = new WebSocket(url, protocol === undefined ? [] : [protocol], {
  headers: host === "-" ? {} : { host },
});
ws.on("unexpected-response", (_, response) => {
  let body = "";
  response.on("data", (chunk) => {
    body += chunk;
  });
  response.on("end", () => {
    console.log(`${response.statusCode} ${body.trim()}`);
    process.exit();
  });
});
ws.on("error", (error) => console.log(error.message));
ws.on("open", () => {
  if (protocol === undefined) ws.send("1");
  else console.log("open");
});
ws.on("message", (data) => {
  console.log(`answer ${data}`);
  process.exit();
});
