"""What other users of the machine can reach of a running Butler: its ports, its files, its command lines, its logs."""

import os
import stat
import unittest
from pathlib import Path

from support.butler import GATEWAY_TOKEN, ROLES, WORKER_TOKEN
from support.case import SystemTest
from support.process import command_line, descendants

LISTENING = "0A"  # of /proc/net/tcp


class Exposure(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)
        self.butler.up()
        sent = self.simulator.send_text("hello")
        self.simulator.wait_for_reply("hello", after=sent)

    def test_it_listens_on_loopback_only(self):
        sockets = {link for role in ROLES for link in self.sockets_of(self.butler.pid(role))}
        listening = []
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == LISTENING and f"socket:[{rest[5]}]" in sockets:
                    listening.append(local.rpartition(":")[0])
        self.assertTrue(listening)
        self.assertEqual(set(listening) - {"0100007F", "00000000000000000000000001000000"}, set())

    def test_its_state_is_for_its_own_eyes(self):
        files = [path for path in self.butler.home.rglob("*") if path.is_file() and not path.is_symlink()]
        self.assertIn("gateway.db", {path.name for path in files})
        self.assertIn("state.db", {path.name for path in files})
        state = [path for path in files if path.name.split(".")[0] in ("gateway", "state", "secrets")]
        open_to_others = [path.name for path in state if stat.S_IMODE(path.stat().st_mode) & 0o077]
        self.assertEqual(open_to_others, [])

    def test_no_token_is_in_a_command_line_or_a_log(self):
        self.simulator.fault("reset_before_apply", "getUpdates")
        self.simulator.fault("status", "sendMessage", code=500, description="Internal Server Error: restart")
        sent = self.simulator.send_text("hello again")
        self.simulator.wait_for_reply("hello again", after=sent)
        secrets = (GATEWAY_TOKEN, WORKER_TOKEN, self.simulator.bot_token)
        up = self.butler.processes[-1]
        for pid in (up.pid, *descendants(up.pid)):
            self.assertFalse([secret for secret in secrets if secret in " ".join(command_line(pid))])
        up.wait_for_line(r"event=(poll\.failed|outbox\.retry)")  # the faults were logged
        lines = "\n".join(up.lines)
        self.assertFalse([secret for secret in secrets if secret in lines])

    def sockets_of(self, pid: int) -> list[str]:
        found = []
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found.append(os.readlink(descriptor))
            except FileNotFoundError:
                continue
        return found


if __name__ == "__main__":
    unittest.main()
