"""A machine of its own that Butler is installed on, and what an administrator does there. Root only; minutes the first time, because
the machine's root is made of Debian's packages."""

import os
import shutil
import unittest

from . import net
from .butler import ROLES
from .case import SystemTest
from .machine import Machine, debian_root
from .model_server import call_then_say
from .paths import RUNTIME, require

HOME = "/var/lib/butler"
SERVICES = [f"butler-{role}.service" for role in ROLES]
UNITS = ["butler.target", *SERVICES]


@unittest.skipUnless(os.environ.get("BUTLER_TEST_LONG"), "makes a Debian of its own: minutes")
@unittest.skipIf(os.environ.get("BUTLER_SANITIZED"), "the release build is what is installed")
@unittest.skipUnless(os.geteuid() == 0, "needs root, for a machine of its own")
class InstalledCase(SystemTest):
    def setUp(self):
        self.root = debian_root(self.scratch)
        self.machine = Machine(self.root)
        self.addCleanup(self.machine.close)
        self._reports.append(self.machine.report)
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.port = net.free_port()

    def apt(self, *words: object) -> str:
        return self.machine.run("apt-get", "--quiet", "--yes", "--no-install-recommends", *words)

    def in_home(self, path: str):
        return self.root / HOME.lstrip("/") / path

    def configure(self) -> None:
        """The runtime, the model's entry, and `.env`, as the set-up leaves them."""
        # A copy: what is purged in the machine must not be this machine's.
        shutil.copytree(require(RUNTIME, "tools/setup/runtime.sh").resolve(), self.in_home(RUNTIME.resolve().name), symlinks=True)
        self.in_home("runtime").symlink_to(RUNTIME.resolve().name)
        self.model.configure_pi(self.in_home("agent"))
        self.machine.run("chown", "-R", "butler:butler", f"{HOME}/agent")
        settings = {
            "TELEGRAM_BOT_TOKEN": self.simulator.bot_token,
            "TELEGRAM_API_ROOT": self.simulator.url,
            "TG_OWNER_IDS": self.simulator.owner_id,
            "ORCH_PORT": self.port,
            "WORKER_SANDBOX": "bwrap",
        } | self.model.environment()
        env = self.in_home(".env")
        env.touch(mode=0o600)
        env.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def start(self) -> None:
        self.machine.run("systemctl", "start", *UNITS)

    def ask(self, text: str, answer: str) -> None:
        """The owner writes, and reads the answer."""
        message = self.simulator.send_text(text)
        self.simulator.wait_for_reply(answer, after=message, timeout=60)

    def pids(self) -> list[str]:
        return [self.machine.property_of(service, "MainPID") for service in SERVICES]

    # ---- what must be so -----------------------------------------------------------------------------

    def check_used(self) -> None:
        """A turn of the real pi, with a tool, in bubblewrap, inside the unit."""
        self.model.script(call_then_say("write", {"path": "list.md", "content": "flour\n"}, "Your list is there.", "make a list"))
        self.ask("make a list", "Your list is there.")
        self.assertEqual(self.in_home("workspace/list.md").read_text(), "flour\n")
        self.assertTrue(any("event=worker.sandbox" in line and "bwrap" in line for line in self.machine.journal("butler-worker.service")))

    def check_jobs_remembered(self) -> None:
        message = self.simulator.send_text("/jobs")
        self.simulator.wait_for_reply("make a list", after=message)
