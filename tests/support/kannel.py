"""A real Kannel for tests and measurements: bearerbox, smsbox and its fake SMSC, on free ports."""
import os
import subprocess
import time
import urllib.error
import urllib.request

from programs import free_port

TEMPLATE = os.path.join(os.path.dirname(__file__), "../../examples/kannel/kannel.conf.in")
FAKE_SMSC = "/usr/lib/kannel/test/fakesmsc"


class Kannel:
    USERNAME = "campaigner"
    PASSWORD = "secret"

    def __init__(self, work: str):
        self.work = os.path.join(work, "kannel")
        self.ports = {name: free_port() for name in ("ADMIN", "SMSBOX", "SMSC", "SENDSMS")}
        self.url = f"http://127.0.0.1:{self.ports['SENDSMS']}/cgi-bin/sendsms"
        self.sendsms_url = f"{self.url}?username={self.USERNAME}&password={self.PASSWORD}"
        self.processes = []

    def __enter__(self):
        spool = os.path.join(self.work, "spool")
        os.makedirs(spool, exist_ok=True)
        with open(TEMPLATE, encoding="utf-8") as file:
            text = file.read()
        for name, port in self.ports.items():
            text = text.replace(f"@{name}_PORT@", str(port))
        # What a careful operator sets: queued messages survive a crash of Kannel (not of the machine).
        text = text.replace("group = core\n", f"group = core\nstore-type = spool\nstore-location = {spool}\n", 1)
        self.config = os.path.join(self.work, "kannel.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self._start("/usr/sbin/bearerbox", "-v", "4", self.config)
        self._wait(lambda: self._status() is not None)
        self._start("/usr/sbin/smsbox", "-v", "4", self.config)
        self._start(FAKE_SMSC, "-H", "127.0.0.1", "-r", str(self.ports["SMSC"]), stdin=subprocess.PIPE)
        self._wait(lambda: "FAKE" in (self._status() or "") and "online" in self._status())
        self._wait(self._smsbox_answers)
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.processes.clear()

    def _start(self, *command, stdin=subprocess.DEVNULL):
        with open(os.path.join(self.work, "kannel.log"), "ab") as log:
            self.processes.append(subprocess.Popen(command, stdin=stdin, stdout=log, stderr=log))

    def _status(self):
        try:
            url = f"http://127.0.0.1:{self.ports['ADMIN']}/status.txt?password=admin"
            with urllib.request.urlopen(url, timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def _smsbox_answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=2)
        except urllib.error.HTTPError:
            return True  # It refuses us, so it is there.
        except OSError:
            return False
        return True

    @staticmethod
    def _wait(is_true, patience_s: float = 20):
        deadline = time.monotonic() + patience_s
        while not is_true():
            if time.monotonic() > deadline:
                raise RuntimeError("Kannel does not come up")
            time.sleep(0.05)
