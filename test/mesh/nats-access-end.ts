// Two meshes that meet at a NATS server, in a process that may trust its certificate.
import { NatsMesh } from "../../src/mesh/nats/nats-mesh.js";
import { answerQuestions } from "./child.js";

answerQuestions({
  async exchange(url: string, creds: string) {
    const [near, far] = [0, 1].map(() => new NatsMesh({ url, credentials: { creds } }));
    try {
      await far?.serve("node", ({ message }) => message);
      return await near?.send("node", "1");
    } finally {
      await Promise.all([near?.close(), far?.close()]);
    }
  },
});
