"""Campaigns from lists: how fast they come in, and how a campaign of ten million goes out."""
import asyncio
import time

from harness import SIMULATOR, Cluster, RunningCluster, Table, disk_bytes, resident_mb

FIELDS = [{"name": name, "column": i} for i, name in enumerate(("name", "age", "city"), 2)]
LINES_PER_PIECE = 10_000
TENTHS = 10


async def csv_of(rows: int):
    for first in range(0, rows, LINES_PER_PIECE):
        yield "".join(f"{79_000_000_000 + i};Name {i};{i % 100};Paris\n"
                      for i in range(first, min(first + LINES_PER_PIECE, rows))).encode()


class Progress:
    """How many of a campaign's messages have been with the provider, as its statistics say."""

    def __init__(self, cluster: Cluster, session, campaign: int):
        self.cluster = cluster
        self.session = session
        self.path = f"/v1/campaigns/{campaign}/statistics"

    async def handed_over(self) -> int:
        statistics = await self.cluster.api(self.session, "GET", self.path)
        waiting = sum(int(one["messages"]) for one in statistics["states"]
                      if one["state"] in ("ACCEPTED", "SENDING"))
        return int(statistics["messages"]) - waiting

    async def passes(self, count: int, every_s: float) -> float:
        """The moment at which so many were over."""
        while await self.handed_over() < count:
            await asyncio.sleep(every_s)
        return time.monotonic()

    async def stands_still(self, for_s: float) -> float:
        """The moment of the last message before nothing went for so long."""
        moved = time.monotonic()
        last = await self.handed_over()
        while time.monotonic() - moved < for_s:
            now = await self.handed_over()
            if now != last:
                last, moved = now, time.monotonic()
            await asyncio.sleep(0.005)
        return moved


class Lists:
    def __init__(self, bin_path: str, table: Table, session):
        self.bin_path = bin_path
        self.table = table
        self.session = session

    def cluster(self) -> RunningCluster:
        return RunningCluster(self.bin_path, SIMULATOR, self.session)

    async def make_campaign(self, cluster: Cluster, name: str) -> int:
        made = await cluster.api(self.session, "POST", "/v1/campaigns",
                                 {"displayName": name, "template": "Hi {name} of {city}"})
        return int(made["id"])

    async def import_rows(self, cluster: Cluster, campaign: int, rows: int) -> float:
        """Rows per second, without the upload."""
        async with self.session.post(cluster.url("/v1/uploads?file_name=list.csv"), data=csv_of(rows),
                                     headers={"x-api-key": cluster.key,
                                              "content-type": "text/csv"}) as answer:
            answer.raise_for_status()
            upload = int((await answer.json())["id"])
        begin = time.monotonic()
        begun = await cluster.api(self.session, "POST", f"/v1/campaigns/{campaign}/recipients:import",
                                  {"source": {"uploadId": upload}, "format": {"fields": FIELDS}})
        while begun["state"] == "RUNNING":
            await asyncio.sleep(0.05)
            begun = await cluster.api(self.session, "GET", f"/v1/operations/{begun['id']}")
        if int(begun["messages"]) != rows:
            raise RuntimeError(f"the import ended with {begun}")
        return rows / (time.monotonic() - begin)

    async def a_million(self, raw_import: float):
        async with self.cluster() as cluster:
            campaign = await self.make_campaign(cluster, "A list")
            rate = await self.import_rows(cluster, campaign, 1_000_000)
            self.table.add("import of a million rows, three fields", rate, "rows/s", "raw rows", raw_import,
                           ">= 100,000, >= 0.50")
            self.table.add("  server memory, its peak", resident_mb(cluster, "VmHWM"), "MB", target="< 200")

    async def a_campaign(self, rows: int):
        """A list comes in and goes out, with a pause half-way."""
        async with self.cluster() as cluster:
            campaign = await self.make_campaign(cluster, "A long list")
            rate = await self.import_rows(cluster, campaign, rows)
            self.table.add(f"a campaign of {rows:,}: import", rate, "rows/s")
            await self.show_statistics(cluster, campaign)
            progress = Progress(cluster, self.session, campaign)
            begin = time.monotonic()
            await cluster.api(self.session, "POST", f"/v1/campaigns/{campaign}:start", {})
            self.table.add("  start to first message", 1000 * (await progress.passes(1, 0.002) - begin), "ms",
                           target="< 1,000")
            await self.show_way(cluster, campaign, progress, rows)
            self.table.add("  server memory, its peak", resident_mb(cluster, "VmHWM"), "MB", target="< 300")
            self.table.add("  bytes on disk per delivered message", disk_bytes(cluster) / rows, "bytes")

    async def show_statistics(self, cluster: Cluster, campaign: int):
        took = []
        for _ in range(500):
            begin = time.monotonic()
            await cluster.api(self.session, "GET", f"/v1/campaigns/{campaign}/statistics")
            took.append(1000 * (time.monotonic() - begin))
        took.sort()
        self.table.add("  its statistics over REST, p50", took[250], "ms", target="< 5")
        self.table.add("  its statistics over REST, p99", took[495], "ms")

    async def show_way(self, cluster: Cluster, campaign: int, progress: Progress, rows: int):
        rates = []
        since = time.monotonic()
        for tenth in range(1, TENTHS + 1):
            reached = await progress.passes(rows * tenth // TENTHS, 0.05)
            rates.append(rows / TENTHS / (reached - since))
            since = reached
            if tenth == TENTHS // 2:
                since += await self.pause_and_resume(cluster, campaign, progress)
        self.table.add("  rate of the first tenth", rates[0], "msg/s")
        self.table.add("  rate of the last tenth", rates[-1], "msg/s", "first", rates[0])
        self.table.add("  rate of the slowest tenth", min(rates), "msg/s", "first", rates[0])

    async def pause_and_resume(self, cluster: Cluster, campaign: int, progress: Progress) -> float:
        """How long it held the campaign up."""
        begin = time.monotonic()
        await cluster.api(self.session, "POST", f"/v1/campaigns/{campaign}:pause", {})
        last = await progress.stands_still(1.5)
        self.table.add("  pause to last message, at full rate", 1000 * (last - begin), "ms", target="< 1,000")
        await cluster.api(self.session, "POST", f"/v1/campaigns/{campaign}:resume", {})
        return time.monotonic() - begin
