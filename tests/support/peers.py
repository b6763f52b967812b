"""The outside world of the fault tests: a provider that sends receipts, and a webhook receiver."""
import asyncio
import collections
import random

import aiohttp
from aiohttp import web


async def serve(app: web.Application, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


class Provider:
    """Takes messages over HTTP and reports each as delivered, as often as the gateway needs to hear it."""

    RECEIPT_RETRY_S = 0.2
    # Some receipts come only after a restarted server has sent again what it was not sure of.
    RECEIPT_DELAY_MAX_S = 4

    def __init__(self, session: aiohttp.ClientSession):
        self.session = session
        self.submissions = collections.Counter()  # reference -> times
        self.recipients = {}  # reference -> recipient
        self.reports = set()  # tasks under way
        self.receipts_refused = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/send", self.on_send)
        return app

    async def on_send(self, request: web.Request) -> web.Response:
        message = await request.json()
        reference = message["reference"]
        self.submissions[reference] += 1
        first = self.recipients.setdefault(reference, message["to"])
        assert first == message["to"], f"{reference} names two messages"
        task = asyncio.create_task(self.report(message["receipt_url"]))
        self.reports.add(task)
        task.add_done_callback(self.reports.discard)
        return web.json_response({"id": f"p-{reference}"})

    async def report(self, url: str):
        await asyncio.sleep(random.uniform(0, self.RECEIPT_DELAY_MAX_S))
        while True:
            try:
                async with self.session.post(url, json={"state": "DELIVERED"}) as answer:
                    if answer.status == 200:
                        return
                    if answer.status < 500:
                        self.receipts_refused += 1
                        return
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(self.RECEIPT_RETRY_S)


class WebhookReceiver:
    def __init__(self):
        self.statuses = {}
        self.received = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/webhook/", self.on_webhook)
        return app

    async def on_webhook(self, request: web.Request) -> web.Response:
        event = await request.json()
        self.received += 1
        known = self.statuses.setdefault(event["id"], event["status"])
        assert known == event["status"], f"{event['id']} ended twice: {known}, {event['status']}"
        return web.Response(status=204)
