"""The seed's whole job, written again from its description: three nodes, each an asyncio process of its own.

  seed-job.py buzzer               prints its address; answers "buzz buzz buzz" to 1, "..." to anything else
  seed-job.py iopin BUZZER         prints its address; for each tick: 3 random bits, each written to the pin and
                                   streamed to the buzzer, then "acknowledged"
  seed-job.py clock IOPIN WARM_UP SECONDS
                                   ticks without a pause, waits for each ack; after so many seconds to warm up and
                                   to be measured, prints ticks per second

As in the seed, each stream opens a connection of its own (so the clock has one, the pin one a tick), and each
message waits for its ack. With --keep after these the pin keeps its connection.
"""

import asyncio
import random
import sys
import time

import websockets

pin = []


async def stream(address, channel, messages):
    async with websockets.connect(f"{address}/{channel}") as connection:
        for message in messages:
            await connection.send(message)
            yield await connection.recv()


async def serve(loop):
    async def connected(connection, path):
        async for message in connection:
            await connection.send(await loop(path.strip("/"), message) or "n/a")

    async with websockets.serve(connected, "127.0.0.1", 0) as serving:
        port = serving.sockets[0].getsockname()[1]
        print(f"ws://127.0.0.1:{port}", flush=True)
        await asyncio.Future()


async def buzzer():
    async def loop(channel, message):
        return "buzz buzz buzz" if message == "1" else "..."

    await serve(loop)


async def iopin(buzzer_address, keep, chance=0.5, sequence=3):
    kept = await websockets.connect(f"{buzzer_address}/buzzer") if keep else None

    async def bits():
        for _ in range(sequence):
            yield 0 if random.random() < chance else 1

    async def loop(channel, message):
        drawn = []
        async for bit in bits():
            pin[:] = [bit]
            drawn.append(str(bit))
        if kept:
            for bit in drawn:
                await kept.send(bit)
                await kept.recv()
        else:
            async for _ in stream(buzzer_address, "buzzer", drawn):
                pass
        return "acknowledged"

    await serve(loop)


async def clock(iopin_address, warm_up, seconds):
    def ticks():
        tick = 0
        while True:
            yield str(tick)
            tick += 1

    acks = 0
    warm = False
    begin = time.perf_counter()
    async for ack in stream(iopin_address, "datafeed", ticks()):
        assert ack == "acknowledged", ack
        acks += 1
        elapsed = time.perf_counter() - begin
        if warm and elapsed >= seconds:
            break
        if not warm and elapsed >= warm_up:
            warm, acks, begin = True, 0, time.perf_counter()
    print(acks / elapsed, flush=True)


role, *rest = [arg for arg in sys.argv[1:] if arg != "--keep"]
if role == "buzzer":
    asyncio.run(buzzer())
elif role == "iopin":
    asyncio.run(iopin(rest[0], "--keep" in sys.argv))
else:
    asyncio.run(clock(rest[0], float(rest[1]), float(rest[2])))
