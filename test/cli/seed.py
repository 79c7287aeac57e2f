"""The seed's three processes, written from the description of the plain protocol, without a board.

  seed.py clock URL TICKS        sends ticks on the channel datafeed, each after the ack of the one before
  seed.py iopin URL              prints its port; draws three bits for each tick and streams them to URL
  seed.py buzzer                 prints its port; buzzes for each 1

A node listens on a port; the path of the URL is the channel; each text frame is a message, answered by one text frame.
"""

import asyncio
import random
import sys

import websockets

BITS = 3


def out(node, text):
    print(f"[ {node} ] {text}", flush=True)


async def stream(url, channel, messages):
    async with websockets.connect(f"{url}/{channel}") as connection:
        for message in messages:
            await connection.send(message)
            yield await connection.recv()


async def clock(url, ticks):
    async for ack in stream(url, "datafeed", map(str, range(int(ticks)))):
        out("clock", f"< {ack}")


async def serve(name, loop):
    async def answer(connection, path):
        async for message in connection:
            await connection.send(await loop(message) or "n/a")

    async with websockets.serve(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"{name} listens on ws://127.0.0.1:{port}", flush=True)
        await asyncio.Future()


async def iopin(url):
    async def loop(_tick):
        bits = [random.randint(0, 1) for _ in range(BITS)]
        out("iopin", f"toggling pin 13: {bits}")
        async for _ack in stream(url, "", map(str, bits)):
            pass
        return "acknowledged"

    await serve("iopin", loop)


async def buzzer():
    async def loop(bit):
        if bit != "1":
            return "..."
        out("buzzer", "buzz buzz buzz")
        return "buzz buzz buzz"

    await serve("buzzer", loop)


role, *rest = sys.argv[1:]
asyncio.run({"clock": clock, "iopin": iopin, "buzzer": buzzer}[role](*rest))
