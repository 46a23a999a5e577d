"""The goals of the orchestrator's HTTP side: the floor (G9), what waits costs nothing (G10), a slow disk (G19)."""

import concurrent.futures
import json
import re
import resource
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from calibration import are_accepted, load, windows_of
from goal_store import cpu_seconds
from goal_table import Verdict
from subjects import GATEWAY_TOKEN, WORKER_TOKEN, Butler, Process, free_port, program, queue_of, serve, until

PARKED = 1_000
STREAMS = 5_000
ENOUGH = 300  # times, for a p99 to be met; to miss it, few will do
_NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr; events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{{"job":null}}'; }} }} }}
"""
_CLAIM = json.dumps({"workerId": "floor"})


def _folder(scratch: Path, name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=scratch))
    folder.chmod(0o711)
    return folder


def _pss_mb(pid: int) -> float:
    return int(re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[1]) / 1024


def _commits(butler: Butler) -> int:
    text = butler.as_gateway("GET", "/metrics").text
    return int(float(re.search(r"^butler_commit_seconds_count (\S+)", text, re.MULTILINE)[1]))


class _Statements:
    """Counts what a process asks SQLite for, by strace: with a write-ahead log each transaction, and each statement outside of
    one, takes a reader's lock on the log's index."""

    def __init__(self, folder: Path, pid: int):
        self._log = folder / "locks"
        words = ["-f", "-qq", "-e", "trace=fcntl", "-o", self._log, "-p", pid]
        self._tracer = Process("strace", [program("strace"), *words], {"LANG": "C.UTF-8"})

    def seen(self) -> int:
        """So far."""
        if not self._tracer.running:
            raise RuntimeError(f"strace has ended:\n{self._tracer.report()}")
        return self._log.read_text().count("F_RDLCK") if self._log.exists() else 0

    def close(self) -> None:
        self._tracer.destroy()


def _send(port: int, method: str, path: str, token: str, body: object = None, more: str = "") -> socket.socket:
    """A request on a connection of its own."""
    text = "" if body is None else json.dumps(body)
    kind = f"content-type: application/json\r\ncontent-length: {len(text)}\r\n" if text else ""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {token}\r\n{more}{kind}\r\n{text}".encode())
    return connection


def floor(scratch: Path, quick: bool) -> list[Verdict]:
    """G9: a claim that finds nothing has a route, a token and JSON both ways, and touches no disk."""
    folder = _folder(scratch, "floor")
    (folder / "nginx").mkdir(mode=0o777)
    port = free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder / "nginx", port=port))
    nginx = serve("nginx", [program("nginx"), "-p", folder, "-c", folder / "nginx.conf"], port, folder)
    butler = Butler(folder)
    butler.start("orchestrator")
    seconds = 1 if quick else 3

    def both() -> dict:
        ours = load("requests", butler.port, "/v1/workers/claim", WORKER_TOKEN, _CLAIM, 32, seconds)["per_second"]
        theirs = load("requests", port, "/v1/workers/claim", WORKER_TOKEN, _CLAIM, 32, seconds)["per_second"]
        return {"ours": ours, "theirs": theirs, "ratio": ours / theirs}

    try:
        windows = windows_of(both, folder, 1 if quick else 2, 1 if quick else 3)
    finally:
        butler.close()
        nginx.destroy()
        shutil.rmtree(folder, ignore_errors=True)
    ours, theirs, ratio = (statistics.median(window.result[name] for window in windows) for name in ("ours", "theirs", "ratio"))
    return [Verdict("G9", "≥ 0.75× nginx `return 200`", f"{ratio:.2f}× ({ours:.0f}/s, nginx {theirs:.0f}/s)", ratio >= 0.75, are_accepted(windows))]


class _Waiting:
    """An orchestrator on which much waits."""

    def __init__(self, folder: Path, quick: bool):
        self._folder = folder
        self._seconds = 2 if quick else 5
        self.butler = Butler(folder, ORCH_LEASE_SECONDS="600")
        self.butler.start("orchestrator")
        self._pid = self.butler.pid("orchestrator")
        self._open: list[socket.socket] = []

    def park(self) -> tuple[float, int, int]:
        """The share of a core, the commits and the statements, while so many claims wait and nothing else happens."""
        claim = {"workerId": "parked", "waitSeconds": 60}
        self._open += [_send(self.butler.port, "POST", "/v1/workers/claim", WORKER_TOKEN, claim) for _ in range(PARKED)]
        self._settle()
        statements = self._statements_at_rest()
        commits, before, begun = _commits(self.butler), cpu_seconds(self._pid), time.monotonic()
        time.sleep(self._seconds)
        share = (cpu_seconds(self._pid) - before) / (time.monotonic() - begun)
        return share, _commits(self.butler) - commits, statements

    def _statements_at_rest(self) -> int:
        counter = _Statements(self._folder, self._pid)
        try:
            until(lambda: self.butler.jobs(limit=1) and counter.seen(), "a statement to be counted")
            before = counter.seen()
            time.sleep(self._seconds)
            at_rest = counter.seen() - before
            self.butler.jobs(limit=1)
            until(lambda: counter.seen() > before + at_rest, "a statement to be counted still")
            return at_rest
        finally:
            counter.close()

    def beat(self, leases: list[tuple[str, str]]) -> tuple[float, float]:
        """The share of a core while each of the jobs sends a heartbeat a second, and how many came to be a second."""
        heads = [f"GET /v1/workers/{job}/heartbeat HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {WORKER_TOKEN}\r\nx-lease-token: {lease}\r\n\r\n"
                 for job, lease in leases]
        connections = [socket.create_connection(("127.0.0.1", self.butler.port)) for _ in range(10)]
        before, begun, sent = cpu_seconds(self._pid), time.monotonic(), 0
        while (past := time.monotonic() - begun) < self._seconds:
            if past * len(heads) < sent:
                time.sleep(0.005)  # the beats are those of a clock
                continue
            for number, connection in enumerate(connections):
                connection.sendall(heads[(sent + number) % len(heads)].encode())
            for connection in connections:
                if not connection.recv(65_536).startswith(b"HTTP/1.1 200"):
                    raise RuntimeError("a heartbeat was refused")
            sent += len(connections)
        share = (cpu_seconds(self._pid) - before) / (time.monotonic() - begun)
        self._open += connections
        return share, sent / self._seconds

    def run_jobs(self, count: int) -> list[tuple[str, str]]:
        """Claims so many jobs: their ids and leases."""
        load("fill", queue_of(self.butler), count)
        claimed = [self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "beats"}).json for _ in range(count)]
        return [(answer["job"]["id"], answer["leaseToken"]) for answer in claimed]

    def stream(self, job: str) -> float:
        """Megabytes for so many open event streams."""
        before = _pss_mb(self._pid)
        streams = [_send(self.butler.port, "GET", f"/v1/jobs/{job}/events", GATEWAY_TOKEN, more="accept: text/event-stream\r\n") for _ in range(STREAMS)]
        for stream in streams:
            stream.settimeout(10)
            if not stream.recv(4096).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("a stream was refused")
        self._open += streams
        return _pss_mb(self._pid) - before

    def _settle(self) -> None:
        deadline = time.monotonic() + 20
        while f"butler_http_requests_parked {PARKED}" not in self.butler.as_gateway("GET", "/metrics").text:
            if time.monotonic() > deadline:
                raise RuntimeError("the claims were not parked")
            time.sleep(0.05)

    def close(self) -> None:
        for connection in self._open:
            connection.close()
        self.butler.close()


def waiting(scratch: Path, quick: bool) -> list[Verdict]:
    """G10."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20_000), most))
    folder = _folder(scratch, "waiting")
    orchestrator = _Waiting(folder, quick)
    try:
        leases = orchestrator.run_jobs(200 if quick else PARKED)
        idle, commits, statements = orchestrator.park()
        busy, rate = orchestrator.beat(leases)
        megabytes = orchestrator.stream(leases[0][0])
    finally:
        orchestrator.close()
        shutil.rmtree(folder, ignore_errors=True)
    return [
        Verdict("G10", f"< 5 % of a core with {PARKED} parked", f"{idle * 100:.2f} %", idle < 0.05),
        Verdict("G10", "no fsync while idle", f"{commits} commits", commits == 0),
        Verdict("G10", "no SQL while idle", f"{statements} statements, by strace", statements == 0),
        Verdict("G10", "< 5 % of a core with 1 000 heartbeats/s as well", f"{busy * 100:.1f} % at {rate:.0f}/s", busy < 0.05, rate > 900),
        Verdict("G10", "5 000 streams ≤ 60 MB", f"{megabytes:.1f} MB", megabytes <= 60),
    ]


def slow_disk(scratch: Path, quick: bool) -> list[Verdict]:
    """G19: strace holds each sync of the orchestrator's for 100 ms, while jobs are made and others are read."""
    folder = _folder(scratch, "slow")
    butler = Butler(folder)
    butler.start("orchestrator")
    job = butler.create_job("read")["id"]
    words = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:delay_exit=100ms"]
    tracer = Process("strace", [program("strace"), *words, "-p", butler.pid("orchestrator")], {"LANG": "C.UTF-8"})
    reads, streams = [], []
    try:
        until(lambda: _takes(lambda: butler.create_job("write")) > 0.1, "strace to slow the disk down")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            writer = pool.submit(load, "creates", queue_of(butler), 4, 3 if quick else 9)
            while not writer.done():
                reads.append(_takes(lambda: butler.job(job)))
                streams.append(_takes(lambda: _begin_stream(butler, job)))
            written = writer.result()["per_second"]
        if not tracer.running or written <= 0:
            raise RuntimeError(f"the disk was not slow, or nobody wrote to it:\n{tracer.report()}")
    finally:
        tracer.destroy()
        butler.close()
        shutil.rmtree(folder, ignore_errors=True)
    return [_slow_verdict("reads", reads, written), _slow_verdict("streams, from the request to the first event", streams, written)]


def _begin_stream(butler: Butler, job: str) -> None:
    with _send(butler.port, "GET", f"/v1/jobs/{job}/events", GATEWAY_TOKEN, more="accept: text/event-stream\r\n") as stream:
        stream.settimeout(10)
        received = b""
        while b"job_created" not in received:
            if not (more := stream.recv(4096)):
                raise RuntimeError(f"the stream has ended: {received[:200]!r}")
            received += more


def _slow_verdict(what: str, times: list[float], written: float) -> Verdict:
    times = sorted(times)
    p50, p99 = times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    measured = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(times)}, beside {written:.0f} creates/s"
    return Verdict("G19", f"p99 ≤ 20 ms, {what}", measured, p99 <= 20, p99 > 20 or len(times) >= ENOUGH)


def _takes(action: Callable[[], object]) -> float:
    before = time.monotonic()
    action()
    return time.monotonic() - before
