"""Server and gateway as child processes that may be killed and started again."""
import asyncio
import os
import signal
import socket
import subprocess
import time

import aiohttp


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """One of ours. Its log is appended over all its lives."""

    def __init__(self, name: str, arguments: list, log_path: str):
        self.name = name
        self.arguments = arguments
        self.log_path = log_path
        self.process = None
        self.is_stopping = False

    def start(self):
        self.is_stopping = False
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.arguments, stdout=log, stderr=log)

    def kill(self):
        """kill -9, as the out-of-memory killer does it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As an operator does it. Answers the exit code."""
        self.is_stopping = True
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)


class Cluster:
    """A server, a gateway, and what the tests ask of them over REST."""

    def __init__(self, bin_path: str, work: str, config: str):
        self.grpc_port = free_port()
        self.http_port = free_port()
        self.metrics_port = free_port()
        self.data = os.path.join(work, "data")
        config_path = os.path.join(work, "server.txtpb")
        with open(config_path, "w", encoding="utf-8") as file:
            file.write(config.replace("@GATEWAY@", self.url("")))
        self.key_path = os.path.join(work, "admin.key")
        self.server = Program("server", [
            f"{bin_path}/campaigner-server", "--listen", f"127.0.0.1:{self.grpc_port}",
            "--data_dir", self.data, "--config", config_path,
            "--metrics_listen", f"127.0.0.1:{self.metrics_port}",
            "--admin_key_file", self.key_path], os.path.join(work, "server.log"))
        self.gateway = Program("gateway", [
            f"{bin_path}/campaigner-gateway", "--listen", f"127.0.0.1:{self.http_port}",
            "--server", f"127.0.0.1:{self.grpc_port}"], os.path.join(work, "gateway.log"))
        self.key = ""

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http_port}{path}"

    async def start(self, session: aiohttp.ClientSession):
        self.server.start()
        self.gateway.start()
        await self.ready(session)
        with open(self.key_path, encoding="utf-8") as file:
            self.key = file.read().strip()

    async def ready(self, session: aiohttp.ClientSession, patience_s: float = 60):
        """Waits until a send would be taken."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                async with session.get(self.url("/readyz")) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"not ready after {patience_s} s; see {self.server.log_path}")
            await asyncio.sleep(0.05)

    async def api(self, session, method: str, path: str, body=None):
        async with session.request(method, self.url(path), json=body,
                                   headers={"x-api-key": self.key}) as answer:
            text = await answer.text()
            if answer.status != 200:
                raise RuntimeError(f"{method} {path}: {answer.status} {text}")
            return await answer.json()

    async def campaign(self, session, **settings) -> int:
        """A running campaign's id."""
        made = await self.api(session, "POST", "/v1/campaigns", settings)
        await self.api(session, "POST", f"/v1/campaigns/{made['id']}:start", {})
        return int(made["id"])

    async def metric(self, session, name: str) -> float:
        """The sum of a server's metric over its labels."""
        async with session.get(f"http://127.0.0.1:{self.metrics_port}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith(name) and line[len(name)] in " {")
