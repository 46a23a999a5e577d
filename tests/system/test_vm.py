"""`butler vm` with a real machine: boots Debian's kernel in QEMU, without KVM where there is none."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from support.net import free_port
from support.paths import BINARY, require
from support.process import alive, command_line, signal_quietly
from support.wait import until

LIMIT = 120


class VmTest(unittest.TestCase):
    """One home, one image, one machine after the other."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Path(tempfile.mkdtemp(prefix="butler-vm-", dir="/tmp"))
        cls.scratch.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        cls.home = cls.scratch / "home"
        cls.addClassCleanup(cls.end)
        made = cls.vm("create", "--size", "64M")
        if made.returncode != 0:
            raise AssertionError(made.stderr)

    @classmethod
    def end(cls):
        cls.vm("stop")

    @classmethod
    def vm(cls, *words: str, stdin: bytes | str = "") -> subprocess.CompletedProcess:
        text = isinstance(stdin, str)
        return subprocess.run(
            [BINARY, "vm", *words],
            env={"PATH": os.environ["PATH"], "BUTLER_HOME": str(cls.home), "BUTLER_ENV_FILE": ""},
            input=stdin, capture_output=True, text=text, timeout=LIMIT, cwd="/",
        )

    def ok(self, *words: str, stdin: bytes | str = "") -> str:
        done = self.vm(*words, stdin=stdin)
        if done.returncode != 0:
            log = self.home / "vm/machine/log"
            self.fail(f"vm {words} ended with {done.returncode}: {done.stderr!r}\n{log.read_text() if log.exists() else ''}")
        return done.stdout

    def shell(self, script: str, *words: str) -> str:
        return self.ok("shell", *words, "--", "sh", "-c", script)

    def status(self) -> dict:
        return json.loads(self.ok("status", "--json"))

    def start(self, *words: str) -> dict:
        """A running machine, whatever the test before has left."""
        self.vm("stop")
        self.ok("start", *words)
        return self.status()

    def test_a_command_has_streams_and_an_exit_status(self):
        status = self.start()
        self.assertEqual((status["state"], status["memoryMib"], status["workspaceMib"]), ("running", 128, 64))
        done = self.vm("shell", "--", "sh", "-c", "cat; echo problem >&2; exit 7", stdin="input\n")
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("input\n", "problem\n", 7))
        self.assertEqual(self.vm("shell", "--", "sh", "-c", "kill -9 $$").returncode, 128 + 9)
        missing = self.vm("shell", "no-such-program")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("no-such-program: cannot run it: No such file or directory", missing.stderr)
        self.assertEqual(self.shell("id -un; pwd; nproc; hostname"), "agent\n/workspace\n1\nbutler-vm\n")
        self.assertEqual(self.shell("id -un", "--root"), "root\n")
        # Much data, both ways, through one serial port.
        megabytes = os.urandom(3 << 20)
        self.assertEqual(self.ok("shell", "cat", stdin=megabytes), megabytes)

        again = self.vm("start")
        self.assertEqual(again.returncode, 75)
        self.assertIn("runs already", again.stderr)
        self.assertIn("butler vm stop", self.vm("reset").stderr)

    def test_the_workspace_is_kept_over_a_restart_and_emptied_by_a_reset(self):
        self.start("--warm")
        self.shell("echo kept >/workspace/file; echo lost >/tmp/file")
        self.ok("stop")
        self.assertEqual(self.status()["state"], "stopped")
        self.ok("reset")
        self.start()
        self.assertEqual(self.shell("cat /workspace/file; ls /tmp"), "kept\n")
        # It has a size.
        full = self.vm("shell", "--", "sh", "-c", "dd if=/dev/zero of=/workspace/big bs=1M count=100 2>&1")
        self.assertIn("No space left on device", full.stdout)
        self.ok("stop")
        self.ok("reset", "--workspace")
        self.start()
        self.assertEqual(self.shell("ls -A /workspace"), "lost+found\n")

    def test_nothing_but_the_services_is_reached(self):
        host = socket.create_server(("127.0.0.1", free_port()))
        self.addCleanup(host.close)
        port = host.getsockname()[1]
        folder = self.home / "vm" if os.geteuid() == 0 else self.scratch
        path = folder / "services.sock"
        services = socket.socket(socket.AF_UNIX)
        services.bind(str(path))
        path.chmod(0o666)
        services.listen()
        self.addCleanup(path.unlink)
        self.addCleanup(services.close)

        def answer():
            while True:
                try:
                    connection, _ = services.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nserved")

        threading.Thread(target=answer, daemon=True).start()
        self.start("--warm", "--services", str(path))
        self.assertEqual(self.shell("wget -q -O - http://127.0.0.1:3128/"), "served")
        self.assertEqual(self.shell("ls /sys/class/net"), "lo\n")
        reached = self.shell(
            f"for to in '127.0.0.1 {port}' '10.0.2.2 {port}' '10.0.2.3 53' '169.254.169.254 80' '192.168.0.1 80'"
            " '1.1.1.1 443'; do nc -w 2 $to </dev/null && echo reached $to; done 2>/dev/null; true")
        self.assertEqual(reached, "")
        # Without a service the port is there, and closes.
        self.start("--warm")
        self.assertNotEqual(self.vm("shell", "--", "wget", "-q", "-O", "-", "http://127.0.0.1:3128/").returncode, 0)

    def test_hostile_code_finds_only_what_is_the_guests_own(self):
        self.start("--warm")
        probe = require(BINARY.parent / "butler-sandbox-probe", "make build").read_bytes()
        self.ok("shell", "--", "sh", "-c", "cat >/workspace/probe; chmod +x /workspace/probe", stdin=probe)
        self.assertTrue(self.shell("touch /not-mine 2>&1; true").endswith("Permission denied\n"))
        printed = self.vm("shell", "--", "/workspace/probe", "attempts", "--json", "workspace=/workspace").stdout
        records = [json.loads(line) for line in printed.splitlines() if '"group"' in line]
        self.assertGreaterEqual(sum(record["result"] == "held" for record in records), 100)
        reached = {record["group"] for record in records if record["result"] == "open"}
        # Its kernel, its memory, its disk, its devices. Not among them: other files, networks, processes, privileges.
        self.assertLessEqual(reached, {"kernel", "families", "namespaces", "terminal", "workspace", "devices", "limits"},
                             [record for record in records if record["result"] == "open"])

    def test_machines_from_one_snapshot_have_different_randomness(self):
        self.start("--warm")
        status = self.status()
        self.assertTrue(status["fromSnapshot"])
        first = self.shell("head -c 32 /dev/urandom | sha256sum; cat /proc/sys/kernel/random/uuid")
        self.shell("echo kept >/workspace/of-the-warm")
        self.start("--warm")
        second = self.shell("head -c 32 /dev/urandom | sha256sum; cat /proc/sys/kernel/random/uuid")
        for one, other in zip(first.splitlines(), second.splitlines(), strict=True):
            self.assertNotEqual(one, other)
        self.assertEqual(self.shell("cat /workspace/of-the-warm"), "kept\n")

    def test_the_machine_dies_with_the_process_that_keeps_it(self):
        status = self.start("--warm")
        qemu = status["qemuPid"]
        self.assertIn("-sandbox", command_line(qemu))
        user = Path(f"/proc/{qemu}").stat().st_uid
        self.assertNotEqual(user, 0, "QEMU never runs as root")
        signal_quietly(status["pid"], signal.SIGKILL)
        until(lambda: not alive(qemu), "QEMU's end")
        self.assertEqual(self.status()["state"], "stopped")
        refused = self.vm("shell", "true")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("butler vm start", refused.stderr)

    def test_a_client_that_goes_takes_its_command_along(self):
        self.start("--warm")
        client = subprocess.Popen(
            [BINARY, "vm", "shell", "--", "sh", "-c", "echo begun; exec sleep 1000"],
            env={"BUTLER_HOME": str(self.home), "BUTLER_ENV_FILE": "", "PATH": os.environ["PATH"]},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(client.stdout.close)
        self.assertEqual(client.stdout.readline(), b"begun\n")
        client.kill()
        client.wait()
        until(lambda: self.shell("pgrep -f 'sleep 1000' | wc -l") == "0\n", "the command's end", interval=0.2)

    def test_without_a_machine_every_command_says_how_to_make_one(self):
        other = self.scratch / "other"
        environment = {"PATH": os.environ["PATH"], "BUTLER_HOME": str(other), "BUTLER_ENV_FILE": ""}
        for words in (["start"], ["reset"], ["destroy"]):
            done = subprocess.run([BINARY, "vm", *words], env=environment, capture_output=True, text=True, cwd="/")
            self.assertEqual(done.returncode, 1)
            self.assertIn("butler vm create", done.stderr)
        done = subprocess.run([BINARY, "vm", "status"], env=environment, capture_output=True, text=True, cwd="/")
        self.assertIn("state: absent", done.stdout)


if __name__ == "__main__":
    unittest.main()
