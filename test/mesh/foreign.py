"""A node and a client of the plain protocol that share no code with ours.

  foreign.py client URL [--pipelined] MESSAGE...   prints each ack; then, if there is one, the close code and reason
  foreign.py server                                prints its port; echoes "channel:message"; fails at "bad",
                                                   says nothing at "mute", goes away at "leave"
"""

import asyncio
import sys
from urllib.parse import unquote

import websockets


async def client(url, messages):
    pipelined = "--pipelined" in messages
    messages = [message for message in messages if message != "--pipelined"]
    async with websockets.connect(url) as connection:
        try:
            if pipelined:
                for message in messages:
                    await connection.send(message)
                for _ in messages:
                    print(await connection.recv(), flush=True)
            else:
                for message in messages:
                    await connection.send(message)
                    print(await connection.recv(), flush=True)
        except websockets.ConnectionClosed as closed:
            print(f"closed {closed.rcvd.code} {closed.rcvd.reason}", flush=True)


async def node(connection, path):
    async for message in connection:
        if message == "leave":
            await connection.close()
        elif message == "bad":
            raise ValueError("cannot play that")
        elif message != "mute":
            await connection.send(f"{unquote(path)[1:]}:{message}")


async def server():
    async with websockets.serve(node, "127.0.0.1", 0) as serving:
        print(serving.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


role, *rest = sys.argv[1:]
asyncio.run(server() if role == "server" else client(rest[0], rest[1:]))
