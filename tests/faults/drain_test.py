#!/usr/bin/python3
"""SIGTERM under load, to the server and to the gateway, while senders are busy.

Checked: the program ends with 0; every request is answered with 200, or 503 and a time to come back, or (only where
the gateway itself ends) finds its connection refused or closed; what was acknowledged is in the database, and nothing
else is: who was not told OK was not half served. Who repeats does not find a doubled message.

  tests/faults/drain_test.py --bin build/dev/bin [--rounds 5] [--seed 1]
"""
import argparse
import asyncio
import collections
import os
import random
import sqlite3
import sys
import tempfile

import aiohttp

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))

from programs import Cluster  # noqa: E402

CONFIG = """
providers { name: "simulator" simulator { receipt_delay { nanos: 1000000 } } }
"""
SENDERS = 16
BATCH = 5
# Requests that must have been answered well before a program is stopped: it is then under load.
WARM = 50
# Requests that must have been turned away before the load ends: the drain was met.
TURNED_AWAY = SENDERS


class Load:
    """Senders that never repeat: each request stands for itself."""

    def __init__(self, cluster: Cluster, session, campaign: int):
        self.cluster = cluster
        self.session = session
        self.campaign = campaign
        self.next_id = 1
        self.acknowledged = set()
        self.refused = {}  # answered 503: id -> answer
        self.unanswered = set()  # the connection was refused, or closed
        self.outcomes = collections.Counter()
        self.wrong = []
        self.is_over = False

    async def run(self, stop):
        """Sends while `stop` runs; answers what that answers."""
        self.is_over = False
        answered, away = len(self.acknowledged), self.turned_away()
        senders = [asyncio.create_task(self.sender(i % 2 == 0)) for i in range(SENDERS)]
        try:
            await self.until(lambda: len(self.acknowledged) >= answered + WARM * BATCH)
            result = await stop()
            await self.until(lambda: self.turned_away() >= away + TURNED_AWAY)
        finally:
            self.is_over = True
            await asyncio.gather(*senders)
        return result

    def turned_away(self) -> int:
        return self.outcomes["503"] + self.outcomes["no answer"]

    async def until(self, is_so, patience_s: float = 60):
        async with asyncio.timeout(patience_s):
            while not is_so():
                await asyncio.sleep(0.005)

    async def sender(self, is_native: bool):
        while not self.is_over:
            ids = list(range(self.next_id, self.next_id + BATCH))
            self.next_id += BATCH
            outcome = await self.send(ids, is_native)
            self.outcomes[outcome] += 1
            if outcome == "200":
                self.acknowledged.update(ids)
            elif outcome != "503":
                self.unanswered.update(ids)
            if outcome != "200":
                await asyncio.sleep(0.02)

    async def send(self, ids: list, is_native: bool) -> str:
        """O3GO's requests share one stream to the server, native ones are calls of their own."""
        if is_native:
            path = "/v1/messages:send"
            body = {"campaignId": self.campaign, "messages": [
                {"externalId": str(i), "recipient": f"+7920{i:07d}", "text": "hello"} for i in ids]}
        else:
            path = "/ext/api/v1/messages/send"
            body = [{"id": i, "campaign_id": self.campaign, "dst_addr": f"7920{i:07d}", "text": "hello"}
                    for i in ids]
        try:
            async with self.session.post(self.cluster.url(path), json=body,
                                         headers={"X-Api-Key": self.cluster.key}) as answer:
                text = await answer.text()
                if answer.status == 503:
                    self.refused.update({i: text for i in ids})
                if answer.status == 503 and "Retry-After" not in answer.headers:
                    self.wrong.append(f"503 without a time to come back: {text}")
                if answer.status not in (200, 503):
                    self.wrong.append(f"{answer.status}: {text}")
                return str(answer.status)
        except aiohttp.ClientError as error:
            return "no answer" if self.may_vanish(error) else str(error)

    def may_vanish(self, error) -> bool:
        if self.cluster.gateway.is_stopping:
            return True
        self.wrong.append(f"no answer from a gateway that stays: {error!r}")
        return False


async def stop_server(load: Load, cluster: Cluster, session, rng: random.Random) -> int:
    async def stop():
        await asyncio.sleep(rng.uniform(0, 0.1))
        return await asyncio.to_thread(cluster.server.stop)

    code = await load.run(stop)
    cluster.server.start()
    await cluster.ready(session)
    return code


async def stop_gateway(load: Load, cluster: Cluster, session, rng: random.Random) -> int:
    async def stop():
        await asyncio.sleep(rng.uniform(0, 0.1))
        return await asyncio.to_thread(cluster.gateway.stop)

    code = await load.run(stop)
    cluster.gateway.start()
    await cluster.ready(session)
    return code


def database_facts(path: str) -> dict:
    db = sqlite3.connect(path)
    ids = [int(row[0]) for row in db.execute("SELECT external_id FROM message_body")]
    return {"ids": set(ids), "rows": len(ids),
            "integrity": db.execute("PRAGMA integrity_check").fetchone()[0]}


def judge(load: Load, facts: dict, exit_codes: list) -> list:
    print(f"  requests by outcome: {dict(load.outcomes)}; {facts['rows']} messages stored")
    half_served = facts["ids"] & load.refused.keys()
    checks = [
        (load.acknowledged <= facts["ids"],
         f"{len(load.acknowledged - facts['ids'])} acknowledged messages are lost"),
        (not half_served, f"{len(half_served)} messages are stored, though the answer was 503: "
         f"{ {load.refused[i] for i in half_served} }"),
        (not facts["ids"] & load.unanswered,
         f"{len(facts['ids'] & load.unanswered)} messages are stored, though nothing was answered"),
        (facts["rows"] == len(facts["ids"]), "messages are stored twice"),
        (facts["integrity"] == "ok", "the database is damaged"),
        (not any(exit_codes), f"exit codes {exit_codes}"),
        (load.outcomes["503"] > 0, "no request met the server's drain"),
    ]
    return sorted(set(load.wrong)) + [text for is_good, text in checks if not is_good]


async def run(args) -> list:
    """Answers what is wrong."""
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory(prefix="campaigner-drain-") as work:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            cluster = Cluster(args.bin, work, CONFIG)
            try:
                await cluster.start(session)
                campaign = await cluster.campaign(session, displayName="Until the end")
                load = Load(cluster, session, campaign)
                exit_codes = []
                for _ in range(args.rounds):
                    exit_codes.append(await stop_server(load, cluster, session, rng))
                    exit_codes.append(await stop_gateway(load, cluster, session, rng))
                exit_codes += [cluster.gateway.stop(), cluster.server.stop()]
                facts = database_facts(os.path.join(cluster.data, "campaigner.db"))
                return judge(load, facts, exit_codes)
            finally:
                for program in (cluster.gateway, cluster.server):
                    if program.process and program.process.poll() is None:
                        program.kill()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    wrong = asyncio.run(run(parser.parse_args()))
    for text in wrong:
        print(f"FAILED: {text}")
    print(f"drain_test: {0 if wrong else 1} passed, {1 if wrong else 0} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
