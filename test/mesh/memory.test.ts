import { MemoryMesh } from "../../src/mesh/memory/memory-mesh.js";
import { testMesh } from "../contract/mesh.js";

testMesh("MemoryMesh", async (options) => {
  const mesh = new MemoryMesh(options);
  return {
    near: mesh,
    far: mesh,
    serve: (name, handler) => mesh.serve(name, handler),
    announce: async () => {},
    missingCode: "PEER_MISSING",
  };
});
