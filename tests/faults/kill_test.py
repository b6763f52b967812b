#!/usr/bin/python3
"""kill -9 under load: the server and the gateway at random moments, while messages are accepted, sent, reported.

Checked at the end: every acknowledged message is final, none lost, none doubled in the database; the database is
sound; what the provider got twice carried the same reference and is no more than the metric counts.

  tests/faults/kill_test.py --bin build/release/bin [--server_kills 100] [--gateway_kills 20] [--seed 1]
"""
import argparse
import asyncio
import os
import random
import sqlite3
import sys
import tempfile
import time

import aiohttp

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))

from peers import Provider, WebhookReceiver, serve  # noqa: E402
from programs import Cluster, free_port  # noqa: E402

CONFIG = """
providers {{
  name: "world"
  http {{
    url: "http://127.0.0.1:{provider_port}/send"
    body: '{{"to": "{{recipient}}", "text": "{{text}}", "reference": "{{reference}}", '
          '"receipt_url": "{{receipt_url}}"}}'
    message_id_pointer: "/id"
    receipts: true
  }}
}}
routes {{ name: "world" channel: "sms" provider: "world" concurrency_max: 32 }}
receipt_base_url: "@GATEWAY@"
webhooks {{ allowed_networks: "127.0.0.0/8" }}
"""
SENDERS = 4
BATCH = 5
QUIET_S = 180  # Longest wait for the last message to end.


class Load:
    """Senders that repeat each request under its Idempotency-Key until it is acknowledged."""

    def __init__(self, cluster: Cluster, session, campaign: int):
        self.cluster = cluster
        self.session = session
        self.campaign = campaign
        self.acknowledged = set()
        self.repeats = 0
        self.next_id = 1
        self.is_over = False

    async def sender(self):
        while not self.is_over:
            ids = list(range(self.next_id, self.next_id + BATCH))
            self.next_id += BATCH
            body = [{"id": i, "campaign_id": self.campaign, "dst_addr": f"7920{i:07d}",
                     "text": f"message {i}"} for i in ids]
            await self.until_acknowledged(f"batch-{ids[0]}", body)
            self.acknowledged.update(ids)
            await asyncio.sleep(0.01)  # Some hundred messages a second leave the killer in charge.

    async def until_acknowledged(self, request_id: str, body):
        headers = {"X-Api-Key": self.cluster.key, "Idempotency-Key": request_id}
        while True:
            try:
                async with self.session.post(self.cluster.url("/ext/api/v1/messages/send"),
                                             json=body, headers=headers) as answer:
                    if answer.status == 200:
                        return
                    text = await answer.text()
                    if answer.status != 503:
                        raise RuntimeError(f"{answer.status}: {text}")
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            self.repeats += 1
            await asyncio.sleep(0.05)


async def kill_at_random(cluster: Cluster, session, rng: random.Random, server_kills: int,
                         gateway_kills: int):
    deaths = [cluster.server] * server_kills + [cluster.gateway] * gateway_kills
    rng.shuffle(deaths)
    for i, program in enumerate(deaths):
        await asyncio.sleep(rng.uniform(0.05, 0.6))
        program.kill()
        program.start()
        # Every other time it may die again before it is up.
        if i % 2:
            await cluster.ready(session)
        print(f"\r  killed {i + 1} of {len(deaths)}", end="", flush=True)
    print()


async def until_quiet(cluster: Cluster, session, campaign: int, hooks: WebhookReceiver, owed: set):
    deadline = time.monotonic() + QUIET_S
    while time.monotonic() < deadline:
        statistics = await cluster.api(session, "GET", f"/v1/campaigns/{campaign}/statistics")
        if int(statistics.get("pendingMessages", 0)) == 0 and owed <= hooks.statuses.keys():
            return statistics
        await asyncio.sleep(0.2)
    raise RuntimeError(f"not quiet after {QUIET_S} s: {statistics}, "
                       f"{len(owed - hooks.statuses.keys())} webhooks missing")


def database_facts(path: str) -> dict:
    db = sqlite3.connect(path)
    one = lambda sql: db.execute(sql).fetchone()[0]
    return {
        "integrity": one("PRAGMA integrity_check"),
        "rows": one("SELECT count(*) FROM message"),
        "distinct": one("SELECT count(DISTINCT external_id) FROM message_body"),
        "open": one("SELECT count(*) FROM message WHERE state < 5"),
        "unknown": one("SELECT count(*) FROM attempt WHERE outcome = 7"),
        "ids": {int(row[0]) for row in db.execute("SELECT external_id FROM message_body")},
    }


async def run(args) -> list:
    """Answers what is wrong."""
    rng = random.Random(args.seed)
    timeout = aiohttp.ClientTimeout(total=10)
    with tempfile.TemporaryDirectory(prefix="campaigner-kill-") as work:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            provider, hooks = Provider(session), WebhookReceiver()
            provider_port, hook_port = free_port(), free_port()
            peers = [await serve(provider.app(), provider_port), await serve(hooks.app(), hook_port)]
            cluster = Cluster(args.bin, work, CONFIG.format(provider_port=provider_port))
            try:
                await cluster.start(session)
                campaign = await cluster.campaign(
                    session, displayName="Under fire", messageAttempts=100, retryInterval="1s",
                    webhookUrl=f"http://127.0.0.1:{hook_port}/webhook/")
                load = Load(cluster, session, campaign)
                senders = [asyncio.create_task(load.sender()) for _ in range(SENDERS)]
                await kill_at_random(cluster, session, rng, args.server_kills, args.gateway_kills)
                await cluster.ready(session)
                load.is_over = True
                await asyncio.gather(*senders)
                await until_quiet(cluster, session, campaign, hooks, load.acknowledged)
                await asyncio.gather(*provider.reports)
                exit_codes = [cluster.gateway.stop(), cluster.server.stop()]
                facts = database_facts(os.path.join(cluster.data, "campaigner.db"))
                return judge(args, load, provider, hooks, facts, exit_codes)
            finally:
                for program in (cluster.gateway, cluster.server):
                    if program.process and program.process.poll() is None:
                        program.kill()
                for peer in peers:
                    await peer.cleanup()


def judge(args, load: Load, provider: Provider, hooks: WebhookReceiver, facts: dict,
          exit_codes: list) -> list:
    twice = sum(1 for times in provider.submissions.values() if times > 1)
    surplus = sum(provider.submissions.values()) - len(provider.submissions)
    delivered = sum(1 for status in hooks.statuses.values() if status == "delivered")
    print(f"  kills: server {args.server_kills}, gateway {args.gateway_kills}, seed {args.seed}\n"
          f"  acknowledged {len(load.acknowledged)} messages, requests repeated {load.repeats}\n"
          f"  in the database {facts['rows']}, open {facts['open']}, integrity {facts['integrity']}\n"
          f"  provider: {len(provider.submissions)} references, {twice} sent more than once "
          f"({surplus} surplus, {100 * surplus / max(1, facts['rows']):.2f} %), "
          f"{facts['unknown']} attempts on record with unknown outcome\n"
          f"  webhooks: {hooks.received} received for {len(hooks.statuses)} messages, "
          f"{delivered} delivered")
    wrong = []
    lost = load.acknowledged - facts["ids"]
    checks = [
        (not lost, f"{len(lost)} acknowledged messages are lost"),
        (facts["rows"] == facts["distinct"], "messages were stored twice"),
        (facts["open"] == 0, "messages are not final"),
        (facts["integrity"] == "ok", "the database is damaged"),
        (len(provider.submissions) == facts["rows"], "provider's references are not the messages"),
        (len(set(provider.recipients.values())) == len(provider.recipients),
         "one message went out under two references"),
        (provider.receipts_refused == 0, "receipts were refused"),
        (delivered == len(hooks.statuses), "a delivered message was reported otherwise"),
        # Every repeat follows an attempt on record as UNKNOWN, and a death leaves at most what was
        # with the provider at that moment.
        (surplus <= facts["unknown"], "more was sent twice than is on record as unknown"),
        (surplus <= args.server_kills * 32, "more was sent twice than the window allows"),
        (exit_codes == [0, 0], f"exit codes {exit_codes}"),
    ]
    wrong += [text for is_good, text in checks if not is_good]
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--server_kills", type=int, default=100)
    parser.add_argument("--gateway_kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    wrong = asyncio.run(run(parser.parse_args()))
    for text in wrong:
        print(f"FAILED: {text}")
    print(f"kill_test: {0 if wrong else 1} passed, {1 if wrong else 0} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
