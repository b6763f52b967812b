"""What the measurements share: the table of results, clusters on empty databases, looks at processes."""
import os
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from programs import Cluster  # noqa: E402

SIMULATOR = """
providers { name: "simulator" simulator { receipt_delay { nanos: 1000000 } } }
webhooks { allowed_networks: "127.0.0.0/8" concurrency_per_destination_max: 64 }
"""


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what: str, value: float, unit: str, compared: str = "", base: float = 0,
            target: str = ""):
        ratio = f"{value / base:.2f} x {compared}" if base else ""
        self.rows.append((what, f"{value:,.0f}" if value >= 100 else f"{value:.2f}", unit, ratio, target))
        print(f"  {what}: {self.rows[-1][1]} {unit} {ratio}", flush=True)

    def __str__(self) -> str:
        head = ("what", "figure", "unit", "ratio", "goal")
        widths = [max(len(row[i]) for row in self.rows + [head]) for i in range(5)]
        line = lambda row: "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths)) + " |"
        return "\n".join([line(head), line(["-" * w for w in widths])] + [line(r) for r in self.rows])


class RunningCluster:
    """A cluster with an empty database, for the length of a block."""

    def __init__(self, bin_path: str, config: str, session):
        self.work = tempfile.TemporaryDirectory(prefix="campaigner-bench-")
        self.cluster = Cluster(bin_path, self.work.name, config)
        self.session = session

    async def __aenter__(self) -> Cluster:
        await self.cluster.start(self.session)
        return self.cluster

    async def __aexit__(self, *_):
        self.cluster.gateway.stop()
        self.cluster.server.kill()
        self.work.cleanup()


def wait_for_port(port: int):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens on {port}")


def resident_mb(cluster: Cluster, field: str = "VmRSS") -> float:
    with open(f"/proc/{cluster.server.process.pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field}")


def disk_bytes(cluster: Cluster) -> int:
    """The database with its log, without uploads."""
    files = [os.path.join(cluster.data, name) for name in os.listdir(cluster.data)]
    return sum(os.path.getsize(file) for file in files if os.path.isfile(file))
