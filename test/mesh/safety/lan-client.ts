// A foreign client in a network namespace. Arguments: a URL, a Host header or "-", the subprotocol to ask for or "", an
// Authorization header, and the path of a certificate to trust.
// Prints the answer to a message, or the status by which it was refused.
import { readFileSync } from "node:fs";
import { WebSocket } from "ws";

const [url = "", host = "-", protocol = "", authorization, authority] = process.argv.slice(2);
const ws = new WebSocket(url, protocol === "" ? [] : [protocol], {
  headers: { ...(host !== "-" && { host }), ...(authorization !== undefined && { authorization }) },
  ...(authority !== undefined && { ca: readFileSync(authority) }),
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
  if (protocol === "") ws.send("1");
  else console.log("open");
});
ws.on("message", (data) => {
  console.log(`answer ${data}`);
  process.exit();
});
