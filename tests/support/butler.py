"""Butler under test: its roles one by one, or `butler up`, in a home of its own.

    butler = Butler(scratch, simulator, model)      # model: pi against the model server; None: the mock agent
    butler.up()                                     # or butler.start("orchestrator"), …
    butler.kill("worker")                           # SIGKILL; up starts it again, start() does otherwise
"""

import os
import select
import shutil
import signal
import socket
import time
import urllib.parse
from pathlib import Path

from . import net
from .certificates import Certificates
from .model_server import ModelServer
from .paths import BINARY, PI, require
from .process import Process, alive, command_line, descendants, signal_quietly
from .simulator import Simulator
from .wait import PATIENCE, until

ROLES = ("orchestrator", "gateway", "worker")
GATEWAY_TOKEN = "gateway-token-of-the-tests-0123456789"
WORKER_TOKEN = "worker-token-of-the-tests-0123456789"
TERMINAL = {"completed", "failed", "aborted"}

# What the sanitizers and the coverage runtime of the binary under test listen to.
_PASSED_ON = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE")


class Butler:
    """`scratch` is a folder that everybody may walk through (support.case makes one). `environment` goes to
    every role, over what the library sets."""

    def __init__(self, scratch: Path, simulator: Simulator | None = None, model: ModelServer | None = None, **environment: str):
        self.scratch = scratch
        self.home = scratch / "home"
        self.simulator = simulator
        self.model = model
        self.environment = dict(environment)
        self.port = net.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.listener: dict[str, str] = {}  # more for the orchestrator alone
        self.authority: Path | None = None  # of an orchestrator with TLS
        self.processes: list[Process] = []  # every one there ever was, for the report
        self._running: dict[str, Process] = {}  # by role, or "up"
        self.home.mkdir(mode=0o711)
        self.home.chmod(0o711)
        if model is not None:
            model.configure_pi(self.home / "agent", max_retries=1)
            give_to_the_agent(self.home / "agent")

    @property
    def workspace(self) -> Path:
        """Where the agent of the owner works."""
        return self.home / "workspace"

    def use_tls(self, certificates: Certificates, host: str = "127.0.0.1", bind: str = "127.0.0.1") -> None:
        """From the next start on every call is made over TLS, to `host`."""
        self.url = f"https://{host}:{self.port}"
        self.authority = certificates.path("ca.pem")
        self.listener = certificates.issue("orchestrator", f"IP:{host}") | {"ORCH_HOST": bind, "ORCH_ALLOWED_HOSTS": host}

    # ---- starting and ending -------------------------------------------------------------------------

    def up(self, timeout: float = PATIENCE) -> Process:
        """`butler up`, ready."""
        process = self._launch("up", self.environment_of(*ROLES))
        process.wait_for_line(r"\bevent=up\.ready\b", timeout)
        return process

    def start(self, role: str, timeout: float = PATIENCE, **environment: str) -> Process:
        """One role by itself, with only the secrets that are its own; ready."""
        with _Readiness(self.scratch / f"{role}.notify") as readiness:
            process = self._launch(role, self.environment_of(role) | readiness.environment | environment)
            readiness.wait(process, timeout)
        return process

    def start_all(self) -> None:
        """The three roles, each by itself."""
        for role in ROLES:
            self.start(role)

    def _launch(self, name: str, environment: dict[str, str]) -> Process:
        """`name`: the command, or with a number behind it: orchestrator-2."""
        if name in self._running and self._running[name].running:
            raise AssertionError(f"{name} runs already")
        process = Process(name, [require(BINARY, "make build"), name.partition("-")[0]], environment, cwd=self.scratch)
        self.processes.append(process)
        self._running[name] = process
        return process

    def environment_of(self, *roles: str) -> dict[str, str]:
        """The environment, made from nothing, that these roles are started with."""
        made = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "BUTLER_HOME": str(self.home),
            "BUTLER_ENV_FILE": "",
        }
        made |= {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        if "orchestrator" in roles:
            made |= {"ORCH_HOST": "127.0.0.1", "ORCH_PORT": str(self.port)}
            made |= {"ORCH_GATEWAY_TOKEN": GATEWAY_TOKEN, "ORCH_WORKER_TOKEN": WORKER_TOKEN} | self.listener
        if "gateway" in roles:
            made |= {"ORCH_BASE_URL": self.url, "ORCH_GATEWAY_TOKEN": GATEWAY_TOKEN}
            if self.simulator is not None:
                made |= {"TELEGRAM_API_ROOT": self.simulator.url, "TELEGRAM_BOT_TOKEN": self.simulator.bot_token}
                # Tests write faster than people; those of the limit and of bursts set these.
                made |= {"TG_OWNER_IDS": str(self.simulator.owner_id), "TG_RATE_LIMIT_PER_MIN": "0", "TG_GATHER_MS": "0"}
        if "worker" in roles:
            made |= {"ORCH_BASE_URL": self.url, "ORCH_WORKER_TOKEN": WORKER_TOKEN}
            if self.model is None:
                made |= {"PI_EXEC_MODE": "mock", "PI_MOCK_STEP_MS": "0"}
            else:
                made |= self.model.environment() | {"PI_BINARY": str(require(PI, "tools/setup/runtime.sh"))}
        if self.authority is not None and "ORCH_BASE_URL" in made:
            made |= {"ORCH_TLS_CA": str(self.authority)}
        return made | self.environment

    def close(self) -> None:
        """Ends what runs with SIGTERM. Fails when something does not end in time, ends badly, or leaves a
        process behind; kills that in any case."""
        faults: list[str] = []
        for name, process in reversed(self._running.items()):
            if not process.running:
                continue
            family = descendants(process.pid)
            try:
                code = process.terminate()
                if code != 0:
                    faults.append(f"{name} ended with {code} after SIGTERM")
                # What was killed takes a moment to go; what was left alone stays.
                deadline = time.monotonic() + 10
                while (left := [pid for pid in family if alive(pid)]) and time.monotonic() < deadline:
                    time.sleep(0.02)
                if left:
                    faults.append(f"{name} left behind: {[(pid, command_line(pid)) for pid in left]}")
            except AssertionError as fault:
                faults.append(str(fault))
            for pid in family:
                signal_quietly(pid, signal.SIGKILL)
        self._running.clear()
        if faults:
            raise AssertionError("; ".join(faults))

    # ---- faults --------------------------------------------------------------------------------------

    def pid(self, role: str) -> int:
        """Of the role, whoever started it."""
        if role in self._running and self._running[role].running:
            return self._running[role].pid
        if "up" in self._running:
            for child in descendants(self._running["up"].pid):
                words = command_line(child)
                if len(words) > 1 and Path(words[0]).name == "butler" and words[1] == role:
                    return child
        raise ProcessLookupError(f"no {role} runs")

    def signal(self, role: str, number: signal.Signals) -> None:
        os.kill(self.pid(role), number)

    def wait_until_sent(self) -> None:
        """Until the gateway knows of each message that it has arrived: what only may have arrived is sent again by the next one."""
        until(lambda: self.administer("gateway", "GET", "/health").json["outbox"] == 0, "all messages to be known as sent")

    def kill(self, role: str) -> int:
        """SIGKILL; returns the process id that is gone."""
        pid = self.pid(role)
        os.kill(pid, signal.SIGKILL)
        if role in self._running:
            self._running[role].wait_for_exit()
        else:
            until(lambda: not alive(pid), f"{role} to be gone")
        return pid

    def freeze(self, role: str) -> None:
        """SIGSTOP: it keeps its connections and says nothing."""
        self.signal(role, signal.SIGSTOP)

    def thaw(self, role: str) -> None:
        self.signal(role, signal.SIGCONT)

    def wait_for_restart(self, role: str, old_pid: int, timeout: float = PATIENCE) -> int:
        """The new process id, once `up` has replaced the old one."""

        def replaced() -> int:
            try:
                return self.pid(role) if self.pid(role) != old_pid else 0
            except ProcessLookupError:
                return 0

        return until(replaced, f"up to start {role} again", timeout)

    def agents(self) -> list[int]:
        """The agents' processes (pi renames itself to `pi`), youngest last."""
        return [pid for pid in descendants(self.pid("worker")) if command_line(pid)[:1] == ["pi"]]

    # ---- logs ----------------------------------------------------------------------------------------

    def lines(self, role: str) -> list[str]:
        """What the role has printed, in all its lives."""
        found: list[str] = []
        for process in self.processes:
            found += [line for line in process.lines if process.name == role or process.name == "up" and line.startswith(role)]
        return found

    def wait_for_log(self, role: str, pattern: str, timeout: float = PATIENCE) -> str:
        """A line of the role's present life, already printed or to come."""
        if role in self._running:
            return self._running[role].wait_for_line(pattern, timeout)
        return self._running["up"].wait_for_line(rf"^{role}\b.*{pattern}", timeout)

    def report(self) -> str:
        return "\n".join(process.report() for process in self.processes)

    # ---- administration ------------------------------------------------------------------------------

    def socket_of(self, role: str) -> Path:
        """Where the role is administered."""
        return self.home / f"{role}.sock"

    def administer(self, role: str, method: str, path: str, body=None) -> net.Reply:
        return net.request_on_socket(self.socket_of(role), method, path, body)

    # ---- the HTTP API --------------------------------------------------------------------------------

    def as_gateway(self, method: str, path: str, body=None, headers: dict[str, str] | None = None, **query) -> net.Reply:
        return self._call(GATEWAY_TOKEN, method, path, body, headers, query)

    def as_worker(self, method: str, path: str, body=None, headers: dict[str, str] | None = None, **query) -> net.Reply:
        return self._call(WORKER_TOKEN, method, path, body, headers, query)

    def _call(self, token: str, method: str, path: str, body, headers, query: dict) -> net.Reply:
        parameters = f"?{urllib.parse.urlencode(query)}" if query else ""
        return net.request(method, f"{self.url}{path}{parameters}", body, {"x-api-key": token} | (headers or {}), authority=self.authority)

    def create_job(self, prompt: str, key: str | None = None, **fields) -> dict:
        """A job as the API makes it; `fields` over the usual ones."""
        body = {"channel": "api", "chatId": "1001", "requesterId": "1001", "sessionKey": "test:1", "prompt": prompt}
        reply = self.as_gateway("POST", "/v1/jobs", body | fields, {"idempotency-key": key} if key else None)
        if reply.status not in (200, 201):
            raise AssertionError(f"the orchestrator refused the job: {reply.status} {reply.text}")
        return reply.json["job"]

    def job(self, job_id: str) -> dict:
        return self.as_gateway("GET", f"/v1/jobs/{job_id}").json["job"]

    def jobs(self, **query) -> list[dict]:
        """Newest first."""
        return self.as_gateway("GET", "/v1/jobs", **query).json["jobs"]

    def events(self, job_id: str) -> list[dict]:
        return self.as_gateway("GET", f"/v1/jobs/{job_id}/events", cursor=0).json["events"]

    def wait_for_job(self, job_id: str, statuses: set[str] | str = frozenset(TERMINAL), timeout: float = PATIENCE) -> dict:
        """The job, once it is in (one of) these; the orchestrator says when it changes."""
        wanted = {statuses} if isinstance(statuses, str) else statuses
        deadline = time.monotonic() + timeout
        job = self.job(job_id)
        while job["status"] not in wanted:
            left = deadline - time.monotonic()
            if left <= 0 or job["status"] in TERMINAL:
                raise AssertionError(f"job {job_id} is {job['status']} and not {sorted(wanted)}: {job}")
            reply = self.as_gateway("GET", f"/v1/jobs/{job_id}", wait=max(1, min(30, int(left))), ifUpdatedAfter=job["updatedAt"])
            job = reply.json["job"]
        return job


class _Readiness:
    """Hears a role say that it is ready: sd_notify(3) on a socket of ours."""

    def __init__(self, path: Path):
        self._path = path

    @property
    def environment(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self._path)}

    def __enter__(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._path.unlink(missing_ok=True)
        self._socket.bind(str(self._path))
        self._path.chmod(0o777)  # the role may have become another user
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def wait(self, process: Process, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        try:
            ended = os.pidfd_open(process.pid)
        except ProcessLookupError:
            raise AssertionError(f"{process.name} ended before it was ready") from None
        try:
            while (left := deadline - time.monotonic()) > 0:
                readable, _, _ = select.select([self._socket, ended], [], [], left)
                if self._socket in readable:
                    if b"READY=1" in self._socket.recv(4096).split(b"\n"):
                        return
                elif ended in readable:
                    code = process.wait_for_exit()
                    raise AssertionError(f"{process.name} ended ({code}) before it was ready:\n" + "\n".join(process.lines[-20:]))
        finally:
            os.close(ended)
        raise AssertionError(f"{process.name} was not ready after {timeout:g} s:\n" + "\n".join(process.lines[-20:]))


def give_to_the_agent(folder: Path) -> None:
    """As root, the agent's own folder belongs to its user."""
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "butler", "butler")
