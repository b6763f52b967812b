#!/usr/bin/python3
"""One receiver never answers, one answers after 30 s: a third gets its webhooks as if it were alone.

Prints how long the third waited, alone and beside the other two; judges by order, not by the clock: it must have
all of its webhooks before the slow one has answered anything.

  tests/faults/slow_receivers_test.py --bin build/release/bin
"""
import argparse
import asyncio
import os
import sys
import tempfile
import time

import aiohttp
from aiohttp import web

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from peers import WebhookReceiver, serve  # noqa: E402
from programs import Cluster, free_port  # noqa: E402

CONFIG = """
providers { name: "simulator" simulator { receipt_delay { nanos: 1000000 } } }
webhooks { allowed_networks: "127.0.0.0/8" timeout { seconds: 60 } }
"""
SLOW_S = 30
MESSAGES = 2000
PATIENCE_S = 120


class SlowReceiver:
    """Answers after `delay_s`; None: never."""

    def __init__(self, delay_s):
        self.delay_s = delay_s
        self.asked = 0
        self.answered = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/webhook/", self.on_webhook)
        return app

    async def on_webhook(self, _request: web.Request) -> web.Response:
        self.asked += 1
        await asyncio.sleep(self.delay_s if self.delay_s is not None else 3600)
        self.answered += 1
        return web.Response(status=204)


async def send(cluster: Cluster, session, campaign: int, first: int):
    body = [{"id": i, "campaign_id": campaign, "dst_addr": f"7920{i:07d}", "text": "hello"}
            for i in range(first, first + MESSAGES)]
    async with session.post(cluster.url("/ext/api/v1/messages/send"), json=body,
                            headers={"X-Api-Key": cluster.key}) as answer:
        assert answer.status == 200, await answer.text()


async def seconds_until(receiver: WebhookReceiver, count: int) -> float:
    begin = time.monotonic()
    while len(receiver.statuses) < count:
        if time.monotonic() - begin > PATIENCE_S:
            raise RuntimeError(f"{len(receiver.statuses)} of {count} after {PATIENCE_S} s")
        await asyncio.sleep(0.01)
    return time.monotonic() - begin


async def run(bin_path: str) -> bool:
    fast, never, slow = WebhookReceiver(), SlowReceiver(None), SlowReceiver(SLOW_S)
    ports = {receiver: free_port() for receiver in (fast, never, slow)}
    runners = [await serve(receiver.app(), port) for receiver, port in ports.items()]
    with tempfile.TemporaryDirectory(prefix="campaigner-slow-") as work:
        async with aiohttp.ClientSession() as session:
            cluster = Cluster(bin_path, work, CONFIG)
            try:
                await cluster.start(session)
                campaigns = {
                    receiver: await cluster.campaign(session, displayName=f"To {port}",
                                                     webhookUrl=f"http://127.0.0.1:{port}/webhook/")
                    for receiver, port in ports.items()}
                await send(cluster, session, campaigns[fast], 1)
                alone_s = await seconds_until(fast, MESSAGES)
                for receiver in (never, slow):
                    await send(cluster, session, campaigns[receiver], 1)
                while not (never.asked and slow.asked):
                    await asyncio.sleep(0.01)
                await send(cluster, session, campaigns[fast], 1 + MESSAGES)
                beside_s = await seconds_until(fast, 2 * MESSAGES)
                print(f"  {MESSAGES} webhooks to a good receiver: alone {alone_s:.2f} s, beside a dead and a "
                      f"slow one {beside_s:.2f} s\n  the dead one was asked {never.asked} times, the slow one "
                      f"{slow.asked} times and answered {slow.answered}")
                return slow.answered == 0
            finally:
                for program in (cluster.gateway, cluster.server):
                    if program.process:
                        program.kill()
                for runner in runners:
                    # Handlers that never answer would hold an orderly end for ever.
                    await asyncio.wait_for(runner.shutdown(), 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    good = asyncio.run(run(parser.parse_args().bin))
    print(f"slow_receivers_test: {int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
