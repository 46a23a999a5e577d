"""The queues that are measured beside one another: each with its server on a scratch folder, started for one measurement.

All are durable before they answer, but for BullMQ on a Redis that syncs once a second.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from calibration import CHECKOUT, load

sys.path.insert(0, str(CHECKOUT / "tests"))

from support.butler import GATEWAY_TOKEN, WORKER_TOKEN, Butler  # noqa: E402
from support.net import free_port  # noqa: E402
from support.paths import NODE, require  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.process import Process  # noqa: E402
from support.wait import until  # noqa: E402

BENCH_NODE = CHECKOUT / "build/bench-node"
DRIVER = CHECKOUT / "bench/peers/driver.mjs"
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


def program(name: str) -> str:
    """Where Debian's package has put it; servers lie outside of many a PATH."""
    for folder in _ENVIRONMENT["PATH"].split(":"):
        if os.access(path := f"{folder}/{name}", os.X_OK):
            return path
    raise SystemExit(f"{name} is missing: tools/setup/packages.sh bench installs it")


def serve(name: str, words: list[object], port: int, folder: Path) -> Process:
    """A server of ours that ends with this program; it listens."""
    process = Process(name, ["/usr/bin/setpriv", "--pdeathsig=KILL", *words], _ENVIRONMENT, cwd=folder)

    def listens() -> bool:
        if not process.running:
            raise SystemExit(f"{name} has ended:\n{process.report()}")
        return f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()

    until(listens, f"{name} to listen on port {port}")
    return process


def queue_of(*butlers: Butler) -> str:
    """How the load generator is told of orchestrators that share a queue."""
    return f"butler:{','.join(str(butler.port) for butler in butlers)}:{GATEWAY_TOKEN}:{WORKER_TOKEN}"


class Subject:
    """A queue with its server, running until closed. `waits_for_disk`: each step is on disk before its answer."""

    title = ""
    short = ""  # as the goals call it
    waits_for_disk = True

    def creates(self, connections: int, seconds: float) -> dict:
        """Jobs made per second."""
        raise NotImplementedError

    def lifecycles(self, producers: int, workers: int, seconds: float) -> dict:
        """Jobs made, claimed and completed per second."""
        raise NotImplementedError

    def pickup(self, count: int) -> dict:
        """From the begin of a create to the job at an idle worker."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class _Loaded(Subject):
    """Driven by the load generator."""

    queue = ""

    def creates(self, connections: int, seconds: float) -> dict:
        return load("creates", self.queue, connections, seconds)

    def lifecycles(self, producers: int, workers: int, seconds: float) -> dict:
        return load("lifecycles", self.queue, producers, workers, seconds)

    def pickup(self, count: int) -> dict:
        return load("pickup", self.queue, count)


class ButlerOverHttp(_Loaded):
    title = "Butler's orchestrator, over HTTP"
    short = "Butler"

    def __init__(self, folder: Path):
        self._butler = Butler(folder, ORCH_LEASE_SECONDS="600")  # what a window leaves running must not come back
        self._butler.start("orchestrator")
        self.queue = queue_of(self._butler)

    def close(self) -> None:
        self._butler.close()


class Beanstalkd(_Loaded):
    title = "beanstalkd -f0"
    short = "beanstalkd -f0"

    def __init__(self, folder: Path):
        port = free_port()
        self._server = serve("beanstalkd", [program("beanstalkd"), "-b", folder, "-f", "0", "-l", "127.0.0.1", "-p", port], port, folder)
        self.queue = f"beanstalkd:{port}"

    def close(self) -> None:
        self._server.destroy()


class _Driven(Subject):
    """Driven by its own library in Node.js (bench/peers)."""

    name = ""
    place: object = ""
    batch = 1

    def creates(self, connections: int, seconds: float) -> dict:
        return self._drive("creates", self.name, self.place, connections, seconds)

    def lifecycles(self, producers: int, workers: int, seconds: float) -> dict:
        return self._drive("lifecycles", self.name, self.place, producers, workers, self.batch, seconds)

    def pickup(self, count: int) -> dict:
        return self._drive("pickup", self.name, self.place, count)

    @staticmethod
    def _drive(*words: object) -> dict:
        node = require(NODE, "tools/setup/runtime.sh")
        require(BENCH_NODE / "node_modules", "tools/setup/bench-node.sh")
        environment = _ENVIRONMENT | {"BENCH_NODE": str(BENCH_NODE)}
        done = subprocess.run([node, DRIVER, *map(str, words)], env=environment, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"driver.mjs {' '.join(map(str, words[:2]))}: {done.stderr.strip()[-800:]}")
        return json.loads(done.stdout)


class BullMqAlways(_Driven):
    title = "BullMQ, Redis appendfsync always"
    short = "BullMQ always"
    name = "bullmq"
    _appendfsync = "always"

    def __init__(self, folder: Path):
        self.place = free_port()
        options = {"--port": self.place, "--bind": "127.0.0.1", "--dir": folder, "--save": "", "--appendonly": "yes"}
        options |= {"--appendfsync": self._appendfsync, "--daemonize": "no"}
        words = [word for option in options.items() for word in option]
        self._server = serve("redis-server", [program("redis-server"), *words], int(self.place), folder)

    def close(self) -> None:
        self._server.destroy()


class BullMqEverySecond(BullMqAlways):
    title = "BullMQ, Redis appendfsync everysec"
    short = "BullMQ everysec"
    waits_for_disk = False
    _appendfsync = "everysec"


class _OnPostgres(_Driven):
    def __init__(self, folder: Path):
        self._server = Postgres(folder, ("max_connections=200", *DURABLE))
        self.place = self._server.url("butler")

    def close(self) -> None:
        self._server.close()


class PgBoss(_OnPostgres):
    title = "pg-boss, a job at a time"
    short = "pg-boss"
    name = "pg-boss"


class PgBossBatches(PgBoss):
    title = "pg-boss, 32 jobs at a time"
    short = "pg-boss (32)"
    batch = 32


class Graphile(_OnPostgres):
    title = "graphile-worker"
    short = "graphile"
    name = "graphile-worker"


SUBJECTS: dict[str, type[Subject]] = {
    "butler": ButlerOverHttp,
    "bullmq": BullMqAlways,
    "bullmq-everysec": BullMqEverySecond,
    "beanstalkd": Beanstalkd,
    "pg-boss": PgBoss,
    "pg-boss-32": PgBossBatches,
    "graphile": Graphile,
}
