"""Butler whose roles can be hit one by one: each has a disk, a clock and connections of its own.

    butler = FaultyButler(test, simulator)           # runs; pi is the stand-in of the worker's unit tests
    butler.disks["gateway"].fill()                   # see BreakableDisk
    butler.relays["worker"].cut()                    # see Relay: to the orchestrator; "telegram": the gateway's to Telegram
    butler.set_clock("orchestrator", +3600)          # the wall clock alone
"""

import os
import shutil
import struct
import unittest
from collections.abc import Callable
from pathlib import Path

from .breakable_disk import BreakableDisk
from .butler import ROLES, Butler, give_to_the_agent
from .invariants import unknown_sends
from .model_server import write_agent_settings
from .net import Reply, free_port
from .paths import BINARY, CHECKOUT, require
from .process import Process
from .relay import Relay
from .simulator import Simulator

TWIN = "orchestrator-2"
_WALL_CLOCK = BINARY.resolve().parent / "tests/libbutler_wall_clock.so"
_STAND_IN = CHECKOUT / "src/worker/pi_stand_in.py"


class FaultyButler(Butler):
    """`people` are owners. Each role is started by itself, and again by the test where it ends. `twin`: a second orchestrator on
    the same database (`environment` names one of PostgreSQL), which is a role of its own here, with the name TWIN."""

    def __init__(self, test: unittest.TestCase, simulator: Simulator, people: list[int], lease_seconds: int = 2, twin: bool = False,
                 **environment: str):
        super().__init__(test.scratch, simulator, **environment)
        test.addCleanup(self.close)
        self.roles = ("orchestrator", TWIN, "gateway", "worker") if twin else ROLES
        self.away: set[str] = set()  # neither asked by the test nor started again by restart_ended()
        self._ports = {role: free_port() if role == TWIN else self.port for role in self.roles if role.startswith("orchestrator")}
        self.lease_seconds = lease_seconds
        self.ask_gateway_server: Callable[[str], list[list[str]]] | None = None  # where the gateway's state is in PostgreSQL
        self.disks = {role: BreakableDisk(test, test.scratch / f"{role}-home") for role in self.roles}
        to_orchestrators = tuple(self._ports.values())
        self.relays = {"gateway": Relay(*to_orchestrators), "worker": Relay(*to_orchestrators), "telegram": Relay(simulator.port)}
        for relay in self.relays.values():
            test.addCleanup(relay.close)
        self._clocks = {role: test.scratch / f"{role}.clock" for role in self.roles}
        self._people = people
        self._prepare_agent()
        if twin:
            (self.disks[TWIN].folder / "artifacts").symlink_to(self.disks["orchestrator"].folder / "artifacts")
        for role in self.roles:
            self.set_clock(role, 0)
            self.start(role)

    @property
    def workspace(self) -> Path:
        return self.disks["worker"].folder / "workspace"

    @property
    def clocks_can_jump(self) -> bool:
        """A sanitizer's runtime has to be the first library, so none of ours can be."""
        return not os.environ.get("BUTLER_SANITIZED")

    def set_clock(self, role: str, seconds: int) -> None:
        """The role's wall clock is so far from the true one; its steady clock is not touched, as the kernel does it."""
        with self._clocks[role].open("r+b" if self._clocks[role].exists() else "wb") as file:
            file.write(struct.pack("<q", seconds))
        self._clocks[role].chmod(0o644)

    def start(self, role: str, *arguments, **environment: str) -> Process:
        return super().start(role, *arguments, **self._own_environment(role) | environment)

    def runs(self, role: str) -> bool:
        return self._running[role].running

    def freeze(self, role: str) -> None:
        super().freeze(role)
        self.away.add(role)

    def thaw(self, role: str) -> None:
        super().thaw(role)
        self.away.discard(role)

    def restart_ended(self) -> None:
        """As `butler up` does: a role that has ended by itself begins again."""
        for role in self.roles:
            if not self.runs(role) and role not in self.away:
                self.start(role)

    def database(self, role: str) -> Path:
        return self.disks[role].folder / {"gateway": "gateway.db", "orchestrator": "state.db"}[role]

    def unknown_sends(self, job_id: str) -> int:
        if self.ask_gateway_server is None:
            return unknown_sends(self.database("gateway"), job_id)
        return int(self.ask_gateway_server(f"SELECT coalesce(sum(unknown_outcomes), 0) FROM outbox WHERE source = '{job_id}'")[0][0])

    def environment_of(self, *roles: str) -> dict[str, str]:
        return super().environment_of(*(role.partition("-")[0] for role in roles))

    def _call(self, *arguments) -> Reply:
        """As every client of several orchestrators: by one that answers."""
        for role, port in self._ports.items():
            if role in self.away:
                continue
            self.url = f"http://127.0.0.1:{port}"
            try:
                reply = super()._call(*arguments)
            except OSError:
                continue
            if reply.status != 503:
                return reply
        return super()._call(*arguments)

    def _own_environment(self, role: str) -> dict[str, str]:
        made = {"BUTLER_HOME": str(self.disks[role].folder), "ORCH_LEASE_SECONDS": str(self.lease_seconds)}
        if self.clocks_can_jump:
            made |= {"LD_PRELOAD": str(require(_WALL_CLOCK, "make test")), "BUTLER_TEST_CLOCK": str(self._clocks[role])}
        if role in self._ports:
            made |= {"ORCH_PORT": str(self._ports[role])}
        if role == "gateway":
            made |= {"ORCH_BASE_URL": self.relays["gateway"].url, "TELEGRAM_API_ROOT": self.relays["telegram"].url,
                     "TG_OWNER_IDS": ",".join(map(str, self._people))}
        if role == "worker":
            made |= {"ORCH_BASE_URL": self.relays["worker"].url, "WORKER_CONCURRENCY": "12", "WORKER_SANDBOX": "none",
                     "WORKER_ALLOW_UNSANDBOXED": "true", "PI_EXEC_MODE": "rpc", "PI_PROVIDER": "mock", "PI_MODEL": "mock-1",
                     "MOCK_API_KEY": "unused", "PI_BINARY": f"/usr/bin/python3 -B {self._stand_in}"}
        return made

    def _prepare_agent(self) -> None:
        self._stand_in = self.scratch / "pi_stand_in.py"  # where the agent's user can read it
        shutil.copy(_STAND_IN, self._stand_in)
        self._stand_in.chmod(0o644)
        agent = self.disks["worker"].folder / "agent"
        write_agent_settings(agent, "http://127.0.0.1:9/v1")
        give_to_the_agent(agent)
