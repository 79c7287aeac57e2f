"""aiopype's async protocol, written again from its description, and the bench's pipeline on it.

  flow-aiopype.py ITEMS            prints how many items a second come through three processors to a counting sink

As there, one queue serves all processors of a flow: what a processor emits becomes a task that puts it there, and one
loop takes an event at a time and calls those who listen to its name. A handler that is a coroutine becomes a task of its
own, and an event whose last one has not ended is lost: the call that would put it back is never awaited. Here handlers
are plain functions, of which none is lost.
"""

import asyncio
import sys
import time
from collections import defaultdict


class AsyncProtocol:
    def __init__(self):
        self.handlers = defaultdict(list)
        self.tasks = defaultdict(list)
        self.queue = asyncio.Queue()
        self.running = True

    def on(self, event, handler):
        self.handlers[event].append(handler)

    def emit(self, event, *items):
        asyncio.ensure_future(self.queue.put((event, items)))

    async def emit_async(self, event, *items):
        await self.queue.put((event, items))

    def handle(self, event, items):
        if self.tasks[event]:
            return
        for handler in list(self.handlers[event]):
            if asyncio.iscoroutinefunction(handler):
                self.tasks[event].append(asyncio.ensure_future(handler(*items)))
            else:
                handler(*items)

    async def listen(self):
        while self.running:
            event, items = await self.queue.get()
            self.handle(event, items)
            for name, tasks in self.tasks.items():
                self.tasks[name] = [task for task in tasks if not task.done()]


class Processor:
    def __init__(self, name, protocol):
        self.name = name
        self.protocol = protocol

    def on(self, event, handler):
        self.protocol.on(f"{self.name}__{event}", handler)

    def emit(self, event, *items):
        self.protocol.emit(f"{self.name}__{event}", *items)

    async def emit_async(self, event, *items):
        await self.protocol.emit_async(f"{self.name}__{event}", *items)


class Numbers(Processor):
    async def start(self, items):
        for item in range(items):
            await self.emit_async("data", item)


class Change(Processor):
    def __init__(self, name, protocol, change):
        super().__init__(name, protocol)
        self.change = change

    def handle(self, item):
        self.emit("data", self.change(item))


class Sink(Processor):
    def __init__(self, name, protocol, items):
        super().__init__(name, protocol)
        self.missing = items

    def handle(self, _item):
        self.missing -= 1
        if self.missing == 0:
            self.protocol.running = False


async def run(items):
    protocol = AsyncProtocol()
    source = Numbers("numbers.source", protocol)
    parts = [
        Change("numbers.add", protocol, lambda item: item + 1),
        Change("numbers.double", protocol, lambda item: item * 2),
        Change("numbers.subtract", protocol, lambda item: item - 1),
        Sink("numbers.sink", protocol, items),
    ]
    for emitter, taker in zip([source, *parts], parts):
        emitter.on("data", taker.handle)
    begin = time.perf_counter()
    started = asyncio.ensure_future(source.start(items))
    await protocol.listen()
    await started
    print(items / (time.perf_counter() - begin), flush=True)


asyncio.run(run(int(sys.argv[1])))
