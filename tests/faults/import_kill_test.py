#!/usr/bin/python3
"""kill -9 of the server while it imports a file and sends what it has of it, and while it replaces a list.

Each kill meets a running import that has gone on since the kill before. Checked at the end: the import is done and has
counted every row, each number of the file has exactly one message, every message is final, the database is sound; of a
list that was replaced nothing waits any more, and the new one is there once.

  tests/faults/import_kill_test.py --bin build/release/bin [--rows 500000] [--kills 10] [--replace_rows 50000] [--seed 1]
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

from programs import Cluster  # noqa: E402

# What the simulator knows dies with the server: a message without its receipt ends by its Status Timeout.
CONFIG = "providers { name: 'sim' simulator { receipt_delay { nanos: 1000000 } } }"
FIRST_NUMBER = 79_000_000_000
DUPLICATES = 1000
BAD_ROWS = 100
QUIET_S = 300  # Longest wait for the last message to end.


def make_rows(first: int, rows: int) -> bytes:
    return "".join(f"{first + i};Name {i};{i % 100}\n" for i in range(rows)).encode()


def make_file(rows: int) -> bytes:
    """Distinct numbers, then some of them again, and some rows that are none."""
    lines = [f"+{FIRST_NUMBER + i};again;0" for i in range(DUPLICATES)]
    lines += [f"{i};too short;0" for i in range(BAD_ROWS)]
    return make_rows(FIRST_NUMBER, rows) + ("\n".join(lines) + "\n").encode()


async def upload(cluster: Cluster, session, content: bytes) -> int:
    async with session.post(cluster.url("/v1/uploads?file_name=list.csv"), data=content,
                            headers={"x-api-key": cluster.key,
                                     "content-type": "text/csv"}) as answer:
        text = await answer.text()
        if answer.status != 200:
            raise RuntimeError(f"upload: {answer.status} {text}")
        return int((await answer.json())["id"])


def steps_of(state: dict) -> tuple:
    """Grows with each step of an import, also while it cancels what it replaces."""
    return int(state.get("doneUnits", 0)), int(state.get("messages", 0))


async def until_it_goes_on(cluster: Cluster, session, operation: int, before: tuple) -> dict:
    deadline = time.monotonic() + QUIET_S
    while time.monotonic() < deadline:
        state = await cluster.api(session, "GET", f"/v1/operations/{operation}")
        if state["state"] != "RUNNING" or steps_of(state) > before:
            return state
        await asyncio.sleep(0.005)
    raise RuntimeError(f"the import does not go on: {state}")


async def kill_at_random(cluster: Cluster, session, rng, operation: int, kills: int) -> dict:
    """Answers how many kills met the import, and of these how many while it cleared; the others met the sending."""
    met = {"import": 0, "clearing": 0}
    steps = (0, 0)
    for i in range(kills):
        await cluster.ready(session)
        state = await until_it_goes_on(cluster, session, operation, steps)
        steps = steps_of(state)
        met["import"] += state["state"] == "RUNNING"
        met["clearing"] += bool(state["importProgress"].get("clearing"))
        await asyncio.sleep(rng.uniform(0, 0.02))
        cluster.server.kill()
        cluster.server.start()
        print(f"\r  killed {i + 1} of {kills}: {met}", end="", flush=True)
    print()
    await cluster.ready(session)
    return met


async def until_ended(cluster: Cluster, session, operation: int) -> dict:
    deadline = time.monotonic() + QUIET_S
    while time.monotonic() < deadline:
        state = await cluster.api(session, "GET", f"/v1/operations/{operation}")
        if state["state"] != "RUNNING":
            return state
        await asyncio.sleep(0.1)
    raise RuntimeError(f"not ended after {QUIET_S} s: {state}")


def import_request(upload_id: int, **more) -> dict:
    return {"source": {"uploadId": upload_id},
            "format": {"fields": [{"name": "name", "column": 2}, {"name": "age", "column": 3}]},
            **more}


async def replace_under_fire(cluster: Cluster, session, rng, args) -> list:
    """A list that is replaced by another one, which shares half of its numbers. Answers what is wrong."""
    made = await cluster.api(session, "POST", "/v1/campaigns",
                             {"displayName": "Replaced", "template": "Hi {name}"})
    path = f"/v1/campaigns/{made['id']}/recipients:import"
    rows = args.replace_rows
    old = await cluster.api(session, "POST", path, import_request(
        await upload(cluster, session, make_rows(FIRST_NUMBER, rows))))
    await until_ended(cluster, session, int(old["id"]))
    new = await cluster.api(session, "POST", path, import_request(
        await upload(cluster, session, make_rows(FIRST_NUMBER + rows // 2, rows)), mode="REPLACE"))
    met = await kill_at_random(cluster, session, rng, int(new["id"]), args.replace_kills)
    state = await until_ended(cluster, session, int(new["id"]))
    progress = state["importProgress"]
    db = sqlite3.connect(os.path.join(cluster.data, "campaigner.db"))
    waiting, numbers, smallest = db.execute(
        "SELECT count(*), count(DISTINCT b.recipient), min(b.recipient) FROM message m "
        "JOIN message_body b ON b.id = m.id WHERE m.campaign_id = ? AND m.state = 1",
        (int(made["id"]),)).fetchone()
    db.close()
    print(f"  replaced {rows} rows by {rows}, kills {args.replace_kills} ({met}): {state['state']}, "
          f"cancelled {progress.get('clearedMessages')}, waiting {waiting} to {numbers} numbers")
    checks = [
        (state["state"] == "DONE", f"the replacing import is {state['state']}"),
        (met["clearing"] > 0, "no kill met the clearing: take more rows"),
        (int(progress.get("clearedMessages", 0)) == rows, "not all of the old list was cancelled once"),
        (waiting == rows and numbers == rows, "the new list is not there once"),
        (int(smallest) == FIRST_NUMBER + rows // 2, "some of the old list waits"),
    ]
    return [text for is_good, text in checks if not is_good]


async def until_quiet(cluster: Cluster, session, campaign: int, operation: int) -> dict:
    """Waits for the end of the import and of every message; answers the operation."""
    deadline = time.monotonic() + QUIET_S
    while time.monotonic() < deadline:
        state = await cluster.api(session, "GET", f"/v1/operations/{operation}")
        statistics = await cluster.api(session, "GET", f"/v1/campaigns/{campaign}/statistics")
        if state["state"] != "RUNNING" and int(statistics.get("pendingMessages", 0)) == 0:
            return state
        await asyncio.sleep(0.2)
    raise RuntimeError(f"not quiet after {QUIET_S} s: {state}, {statistics}")


def database_facts(path: str) -> dict:
    db = sqlite3.connect(path)
    one = lambda sql: db.execute(sql).fetchone()[0]
    return {
        "integrity": one("PRAGMA integrity_check"),
        "messages": one("SELECT count(*) FROM message"),
        "numbers": one("SELECT count(DISTINCT recipient) FROM message_body"),
        "smallest": one("SELECT min(recipient) FROM message_body"),
        "largest": one("SELECT max(recipient) FROM message_body"),
        "open": one("SELECT count(*) FROM message WHERE state < 5"),
        "delivered": one("SELECT count(*) FROM message WHERE state = 5"),
        "rejected": one("SELECT count(*) FROM rejected_row"),
    }


async def run(args) -> list:
    """Answers what is wrong."""
    rng = random.Random(args.seed)
    timeout = aiohttp.ClientTimeout(total=120)
    with tempfile.TemporaryDirectory(prefix="campaigner-import-kill-") as work:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            cluster = Cluster(args.bin, work, CONFIG)
            try:
                await cluster.start(session)
                campaign = await cluster.campaign(
                    session, displayName="Under fire", template="Hi {name}", messageAttempts=100,
                    retryInterval="1s", statusTimeout="5s")
                upload_id = await upload(cluster, session, make_file(args.rows))
                begin = time.monotonic()
                begun = await cluster.api(
                    session, "POST", f"/v1/campaigns/{campaign}/recipients:import",
                    import_request(upload_id))
                met = await kill_at_random(cluster, session, rng, int(begun["id"]),
                                                  args.kills)
                state = await until_quiet(cluster, session, campaign, int(begun["id"]))
                seconds = time.monotonic() - begin
                facts = database_facts(os.path.join(cluster.data, "campaigner.db"))
                wrong = await replace_under_fire(cluster, session, rng, args)
                exit_codes = [cluster.gateway.stop(), cluster.server.stop()]
                facts["integrity"] = database_facts(
                    os.path.join(cluster.data, "campaigner.db"))["integrity"]
                return wrong + judge(args, state, facts, met["import"], seconds, exit_codes)
            finally:
                for program in (cluster.gateway, cluster.server):
                    if program.process and program.process.poll() is None:
                        program.kill()


def judge(args, state: dict, facts: dict, met_import: int, seconds: float,
          exit_codes: list) -> list:
    progress = {name: int(value) for name, value in state["importProgress"].items()
                if name not in ("fileName", "clearing")}
    print(f"  rows {args.rows}, kills {args.kills} ({met_import} in the import), seed {args.seed}, "
          f"{seconds:.0f} s\n"
          f"  import: {state['state']}, {progress}\n"
          f"  in the database {facts['messages']} messages to {facts['numbers']} numbers, "
          f"open {facts['open']}, delivered {facts['delivered']}, integrity {facts['integrity']}")
    checks = [
        (state["state"] == "DONE", f"the import is {state['state']}"),
        (progress.get("rows") == args.rows + DUPLICATES + BAD_ROWS, "rows were not all counted"),
        (progress.get("acceptedRows") == args.rows, "accepted rows are not the numbers"),
        (progress.get("duplicateRows") == DUPLICATES, "duplicates were not all found"),
        (progress.get("invalidRows") == BAD_ROWS, "bad rows were not all found"),
        (facts["rejected"] == DUPLICATES + BAD_ROWS, "rejected rows are lost or doubled"),
        (facts["messages"] == args.rows, "messages are lost or doubled"),
        (facts["numbers"] == args.rows, "numbers are lost or doubled"),
        (int(facts["smallest"]) == FIRST_NUMBER, "the first number is not the file's"),
        (int(facts["largest"]) == FIRST_NUMBER + args.rows - 1, "the last is not the file's"),
        (facts["open"] == 0, "messages are not final"),
        (facts["integrity"] == "ok", "the database is damaged"),
        (met_import == args.kills, "some kills did not meet the import: take more rows"),
        (exit_codes == [0, 0], f"exit codes {exit_codes}"),
    ]
    return [text for is_good, text in checks if not is_good]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--replace_rows", type=int, default=50_000)
    parser.add_argument("--replace_kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    wrong = asyncio.run(run(parser.parse_args()))
    for text in wrong:
        print(f"FAILED: {text}")
    print(f"import_kill_test: {0 if wrong else 1} passed, {1 if wrong else 0} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
