import { MemoryLeases } from "../../../src/flow/cluster/memory-leases.js";
import { MemoryQueues } from "../../../src/flow/cluster/memory-queues.js";
import { durableQueueContract } from "../../contract/durable-queue.js";
import { leasesContract } from "../../contract/key-bucket.js";

durableQueueContract("MemoryQueues", async () => new MemoryQueues({ retryMs: 1 }));
leasesContract("MemoryLeases", async () => new MemoryLeases({ ttlMs: 100 }));
