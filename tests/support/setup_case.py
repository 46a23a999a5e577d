"""What the tests of `butler setup` start from: a simulator, an empty home, and no configuration."""

import re
import subprocess

from . import net
from .case import SystemTest
from .keyed_model_server import KeyedModelServer
from .paths import BINARY, require
from .terminal import Terminal

WRONG_TOKEN = "700001:wrong-token-of-the-tests-0123456789"
CODE = re.compile(r"\?start=([0-9a-z]+)")


class SetupTest(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.home = self.scratch / "home"
        self.home.mkdir(mode=0o711)
        self.home.chmod(0o711)
        self.env_file = self.home / ".env"
        self.environment = {
            "PATH": f"{BINARY.parent}:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(self.scratch),
            "BUTLER_HOME": str(self.home),
            "TELEGRAM_API_ROOT": self.simulator.url,
            "ORCH_PORT": str(net.free_port()),
        }

    def start_keyed_model(self) -> KeyedModelServer:
        """A provider `mock` that pi knows from models.json."""
        model = KeyedModelServer(self.scratch)
        self._reports.append(model.process.report)
        self.addCleanup(model.stop)
        model.configure_pi(self.home / "agent", max_retries=1)
        return model

    def setup_at_a_terminal(self, *options: str) -> Terminal:
        terminal = Terminal([require(BINARY, "make build"), "setup", *options], self.environment, cwd=self.scratch)
        self._reports.append(terminal.report)
        self.addCleanup(terminal.close)
        return terminal

    def run_butler(self, *words: str, given: str = "", **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run([str(BINARY), *words], env=self.environment | environment, cwd=self.scratch, input=given,
                              capture_output=True, text=True, timeout=180)

    def settings(self) -> dict[str, str]:
        lines = self.env_file.read_text().splitlines() if self.env_file.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def wait_for_code(self, terminal: Terminal) -> str:
        return CODE.search(terminal.wait_for(r"https://t\.me/\w+\?start=[0-9a-z]+\n"))[1]

    def give_code(self, terminal: Terminal) -> None:
        """The owner follows the link that the terminal shows."""
        self.simulator.do("open_deeplink", payload=self.wait_for_code(terminal))
