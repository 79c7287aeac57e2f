// A proxy in a process of its own, from a host's address to its loopback, for tests between hosts.
import { seededRandom } from "../../../src/core/random.js";
import { answerQuestions } from "../child.js";
import { type Mood, WildProxy } from "./proxy.js";

let proxy: WildProxy;

answerQuestions({
  open(host: string, port: number) {
    proxy = new WildProxy(seededRandom(port), () => port);
    return proxy.open(host);
  },

  /** From now on, for connections that are new. */
  become(mood: Partial<Mood>) {
    proxy.mood = { ...proxy.mood, ...mood };
    proxy.cut();
  },

  cut: () => proxy.cut(),
});
