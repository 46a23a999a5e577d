"""A home with MCP servers in it, and `butler mcp` on it (tests/system/test_mcp_*.py)."""

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from .butler import Butler
from .model_server import agent_user
from .paths import BINARY, CHECKOUT, PI, TEST_NODE
from .process import command_line

HOSTILE = CHECKOUT / "tests/support/mcp_hostile.mjs"
SERVERS = TEST_NODE / "node_modules/@modelcontextprotocol"
AGENT = pwd.getpwnam("butler").pw_uid if os.geteuid() == 0 else os.geteuid()


class Site:
    """A home with servers in it, and the command."""

    def __init__(self, butler: Butler):
        self.butler = butler
        self.mcp_folder = butler.home / "mcp"
        self.bin = self.mcp_folder / "bin"
        for folder in (self.mcp_folder, self.mcp_folder / "servers"):
            folder.mkdir()
            folder.chmod(0o755)
        self.hostile = self.mcp_folder / "servers" / HOSTILE.name
        shutil.copy(HOSTILE, self.hostile)
        self.hostile.chmod(0o644)

    def hostile_processes(self) -> list[list[str]]:
        """What runs of this home's hostile servers, and of what they leave behind."""
        found = [command_line(int(name)) for name in os.listdir("/proc") if name.isdigit()]
        return [words for words in found if str(self.hostile) in words]

    def mcp(self, *words: object, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess:
        environment = self.butler.environment_of("worker") | {"PI_BINARY": str(PI)} | variables
        return subprocess.run([BINARY, "mcp", *map(str, words)], env=environment, cwd=folder or self.butler.scratch, capture_output=True,
                              text=True, timeout=240, check=False)

    def ok(self, *words: object, **variables: str) -> str:
        done = self.mcp(*words, **variables)
        if done.returncode != 0:
            raise AssertionError(f"mcp {words} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def add_hostile(self, name: str, way: str, *more: object) -> None:
        self.ok("add", name, "--command", "node", "--arg", self.hostile, "--arg", way, *more)

    def edit_server(self, name: str, **members: object) -> None:
        file = self.butler.home / "config/mcporter.json"
        servers = json.loads(file.read_text())
        servers["mcpServers"][name] |= members
        file.write_text(json.dumps(servers))

    def listed(self) -> dict:
        return json.loads(self.ok("list", "--json"))

    def states(self) -> dict[str, str]:
        return {one["name"]: one["wrapper"] for one in self.listed()["targets"]}

    def call(self, *words: str, **variables: str) -> subprocess.CompletedProcess:
        """A wrapper, from another folder, as the user that the agent is."""
        environment = {"PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp",
                       "SECRET_OF_THE_CALLER": "must not be passed on"} | variables
        return subprocess.run([*agent_user(), *words], env=environment, cwd="/var/tmp", capture_output=True, text=True, timeout=180,
                              check=False)
