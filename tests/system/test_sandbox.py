"""The sandbox around agents and commands: what they cannot see, write and reach, and what becomes of them."""

import json
import os
import shlex
import shutil
import stat
import subprocess
import unittest
from pathlib import Path

from support.case import SystemTest
from support.paths import BINARY
from support.process import alive, command_line, descendants
from support.sandbox import LEAST_LANDLOCK, landlock_abi
from support.wait import until

EXIT_CONFIG = 78


class Command(SystemTest):
    """`butler sandbox run`: exactly what a job's command gets."""

    def setUp(self):
        self.butler = self.make_butler()

    def sandbox(self, *words: str, **variables: str) -> subprocess.CompletedProcess:
        environment = self.butler.environment_of("worker") | variables
        return subprocess.run([BINARY, "sandbox", *words], env=environment, cwd=self.scratch, capture_output=True,
                              text=True, timeout=180, check=False)

    def shell(self, script: str, **variables: str) -> subprocess.CompletedProcess:
        return self.sandbox("run", "--", "bash", "-c", script, **variables)

    def test_it_works_in_the_workspace_and_passes_on_what_the_command_says_and_how_it_ends(self):
        ran = self.shell("pwd; echo made > file; echo complaint >&2; exit 7")
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (7, f"{self.butler.workspace}\n", "complaint\n"))
        self.assertEqual((self.butler.workspace / "file").read_text(), "made\n")
        self.assertEqual(sorted(os.listdir(self.butler.workspace)), ["file"])

    def test_nobody_elses_files_are_there_in_either_tier(self):
        self.shell("true")  # makes the home
        secret = self.butler.home / "people" / "77"
        secret.mkdir(mode=0o777)
        (secret / "diary").write_text("dear diary")
        for tier in ("bwrap", "landlock"):
            with self.subTest(tier=tier):
                ran = self.shell(f"cat {secret}/diary; ls {self.butler.home}/people {self.butler.home}/agent/home; cat /etc/shadow /root/.*",
                                 WORKER_SANDBOX=tier)
                self.assertNotEqual(ran.returncode, 0)
                self.assertEqual(ran.stdout, "")

    def test_only_the_listener_can_be_reached(self):
        for tier in ("bwrap", "landlock"):
            with self.subTest(tier=tier):
                ran = self.shell(f"exec 3<>/dev/tcp/127.0.0.1/{self.butler.port} && echo reached", WORKER_SANDBOX=tier)
                self.assertNotIn("reached", ran.stdout)
        self.assertIn("@127.0.0.1:3128", self.shell("echo $HTTPS_PROXY").stdout)

    def test_what_a_host_tool_would_execute_cannot_be_written(self):
        names = (".git/hooks/pre-commit", ".git/config", ".pi/x", ".envrc", ".vscode/x", ".mcp.json")
        for tier in ("bwrap", "landlock"):
            for name in names:
                with self.subTest(tier=tier, name=name):
                    ran = self.shell(f"mkdir -p $(dirname {name}); echo evil > {name}; mv .git .moved", WORKER_SANDBOX=tier)
                    self.assertNotEqual(ran.returncode, 0, name)
            self.assertEqual(os.listdir(self.butler.workspace), [])

    def test_git_goes_on_in_a_checkout_with_submodules_and_hooks_cannot_be_planted_anywhere_in_it(self):
        if shutil.which("git") is None:
            self.skipTest("no git here")
        self.shell("true")  # makes the home
        workspace = self.butler.workspace
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.scratch), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "2",
                       "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always",
                       "GIT_CONFIG_KEY_1": "safe.directory", "GIT_CONFIG_VALUE_1": "*"}

        def git(*words: str) -> str:
            return subprocess.run(["git", "-C", workspace, "-c", "user.name=a", "-c", "user.email=b", *words], env=environment, check=True,
                                  capture_output=True, text=True).stdout

        inner = self.scratch / "inner"
        subprocess.run(["git", "init", "-q", inner], env=environment, check=True)
        subprocess.run(["git", "-C", inner, "-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "--allow-empty", "-m", "inner"],
                       env=environment, check=True)
        git("init", "-q")
        git("submodule", "--quiet", "add", str(inner), "libs/part")
        git("commit", "-q", "-m", "outer")
        git("worktree", "add", "-q", str(self.scratch / "linked"))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "butler", workspace], check=True)
        before = {path: path.read_bytes() for path in (workspace / ".git").rglob("*") if path.name in ("config", "commondir", "gitdir")}
        attacks = [f"mkdir -p {place} 2>/dev/null; echo evil > {place}/{name}"
                   for place in (".git", ".git/modules/libs/part", ".git/modules/new", ".git/worktrees/linked", ".git/worktrees/new",
                                 ".git/modules/libs/part/modules/new", ".git/modules/libs/part/hooks")
                   for name in ("commondir", "config", "config.worktree", "post-commit", "gitdir")
                   if not (name in ("post-commit", "gitdir") and place in (".git", ".git/modules/libs/part"))
                   if not (name in ("post-commit", "config") and place == ".git/worktrees/linked")]
        # Not by mv: where it may not rename, it would copy and remove all that may be removed.
        attacks += [f"python3 -c 'import os; os.rename(\".git/{old}\", \".git/{new}\")'"
                    for old, new in (("modules", "m"), ("modules/libs", "l"), ("modules/libs/part", "p"), ("worktrees", "w"))]
        attacks += ["ln -s /tmp .git/modules/link"]
        work = ("export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=b; set -e; echo $TIER > f; git add f; "
                "git commit -qm more; cd libs/part; echo $TIER > g; git add g; git commit -qm more; cd ../..; git commit -qam part; "
                "git status --short; git log --oneline | wc -l")
        for tier in ("bwrap", "landlock"):
            with self.subTest(tier=tier):
                ran = self.shell("\n".join(f"({attack}) 2>/dev/null && echo open: {shlex.quote(attack)}" for attack in attacks) + "\ntrue",
                                 WORKER_SANDBOX=tier)
                self.assertEqual((ran.returncode, ran.stdout), (0, ""))
                ran = self.shell(f"TIER={tier}; {work}", WORKER_SANDBOX=tier)
                self.assertEqual(ran.returncode, 0, ran.stderr)
                after = {path: path.read_bytes() for path in (workspace / ".git").rglob("*")
                         if path.name in ("config", "commondir", "gitdir", "config.worktree")}
                self.assertEqual(after, before, "and nothing of the covers is left")
        self.assertIn("more", git("log", "--oneline"))

    def test_there_is_no_way_round_the_covers_where_there_are_no_mounts(self):
        if landlock_abi() < LEAST_LANDLOCK:
            self.skipTest("no Landlock that restricts the network")
        self.shell("mkdir -p a/git/hooks")
        git = self.butler.workspace / ".git"
        (self.butler.workspace / "a" / "git").rename(git)
        (git / "config").write_text("[core]")
        for path in (git, git / "hooks", git / "config"):
            shutil.chown(path, "butler", "butler")
        beside = self.scratch / "beside"
        beside.write_text("somebody else's")
        beside.chmod(0o644)
        shutil.chown(beside, "butler", "butler")
        source = (Path(__file__).parent.parent / "support" / "cover_attacks.py").read_text()
        ran = self.sandbox("run", "--", "/usr/bin/python3", "-c", source, str(beside), WORKER_SANDBOX="landlock",
                           WORKER_READ_ONLY_PATHS=str(beside))
        self.assertEqual(ran.returncode, 0, ran.stderr)
        report = json.loads(ran.stdout)
        self.assertEqual(report["open"], [])
        self.assertGreater(len(report["held"]), 40)
        self.assertGreater(report["races"], 100, "the races were run")
        self.assertEqual(sorted(os.listdir(git)), ["config", "hooks"])
        self.assertEqual(os.listdir(git / "hooks"), [])
        self.assertEqual((git / "config").read_text(), "[core]")
        self.assertEqual(stat.S_IMODE(beside.stat().st_mode), 0o644)

    def test_tools_work_as_usual_where_a_broker_makes_their_calls(self):
        script = (Path(__file__).parent.parent / "support" / "broker_tools.sh").read_text()
        for tier in ("bwrap", "landlock"):
            with self.subTest(tier=tier):
                ran = self.shell(f"mkdir {tier} && cd {tier} || exit 1\n{script}", WORKER_SANDBOX=tier)
                self.assertEqual((ran.returncode, ran.stderr), (0, ""), ran.stdout)
                self.assertIn("all is well", ran.stdout)

    def test_nobody_holds_the_broker_up(self):
        if landlock_abi() < LEAST_LANDLOCK:
            self.skipTest("no Landlock for this tier")
        script = """
import errno, os
os.mkfifo("pipe")
for path in ("pipe", f"/proc/self/fd/{os.open('pipe', os.O_PATH)}"):
    try:
        os.open(path, os.O_WRONLY)
    except OSError as error:
        print(errno.errorcode[error.errno])
"""
        ran = self.sandbox("run", "--", "/usr/bin/python3", "-c", script, WORKER_SANDBOX="landlock")
        self.assertEqual(ran.stdout, "ENXIO\nENXIO\n", ran.stderr)

    def test_output_through_a_link_arrives_or_is_refused_and_never_vanishes(self):
        for tier in ("bwrap", "landlock"):
            for target in ("/dev/stdout", "/proc/self/fd/1"):
                with self.subTest(tier=tier, target=target):
                    ran = self.shell(f"ln -sf {target} out && echo hello > out", WORKER_SANDBOX=tier)
                    self.assertTrue(ran.stdout == "hello\n" or "denied" in ran.stderr.lower(), f"{ran.stdout!r} {ran.stderr!r}")

    def test_each_limit_holds(self):
        self.assertIn("MemoryError", self.shell("python3 -c 'bytearray(400 << 20)'", WORKER_MEMORY_MB="256").stderr)
        ran = self.shell("for i in $(seq 50); do sleep 5 & done; jobs -r | wc -l", WORKER_PROCESSES="32")
        self.assertIn("fork", ran.stderr)
        ran = self.shell("for i in $(seq 8); do head -c 40M /dev/zero > f$i; done; sleep 600", WORKER_WORKSPACE_MB="64")
        self.assertIn("WORKER_WORKSPACE_MB", ran.stderr)
        script = "for i in 1 2 3; do python3 -c 'import time; b = bytearray(150 << 20); time.sleep(600)' & done; wait"
        self.assertIn("WORKER_MEMORY_MB", self.shell(script, WORKER_MEMORY_MB="256").stderr)

    def test_more_paths_can_be_made_readable(self):
        books = self.scratch / "books"
        books.mkdir()
        books.chmod(0o755)
        (books / "one").write_text("once upon a time")
        self.assertNotEqual(self.shell(f"cat {books}/one").returncode, 0)
        ran = self.shell(f"cat {books}/one; echo more >> {books}/one", WORKER_READ_ONLY_PATHS=str(books))
        self.assertEqual(ran.stdout, "once upon a time")
        self.assertIn("denied", ran.stderr)

    def test_what_is_only_readable_stays_so_in_the_workspace_too(self):
        self.shell("mkdir books && echo one > books/one")
        attacks = ("echo more >> books/one", "echo new > books/new", "chmod 777 books/one", "mv books others", "rm books/one")
        for tier in ("bwrap", "landlock"):
            with self.subTest(tier=tier):
                ran = self.shell("\n".join(f"({attack}) 2>/dev/null && echo 'open: {attack}'" for attack in attacks) + "\ncat books/one",
                                 WORKER_SANDBOX=tier, WORKER_READ_ONLY_PATHS=str(self.butler.workspace / "books"))
                self.assertEqual(ran.stdout, "one\n")

    def test_nothing_it_started_goes_on(self):
        for tier in ("bwrap", "landlock", "none"):
            with self.subTest(tier=tier):
                self.shell(f"setsid sleep 61{len(tier)} >/dev/null 2>&1 & exit 0", WORKER_SANDBOX=tier,
                           WORKER_ALLOW_UNSANDBOXED="true")

                def left(words=("sleep", f"61{len(tier)}")) -> list[int]:
                    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if command_line(pid) == list(words)]

                until(lambda: not left(), "it to be gone")  # in ten minutes it would be by itself

    def test_explain_says_what_there_is(self):
        explained = json.loads(self.sandbox("explain", "--json", WORKER_MEMORY_MB="512").stdout)
        self.assertEqual(explained["tier"], "bwrap")
        self.assertIn(str(self.butler.workspace), explained["writable"])
        self.assertIn(f"{self.butler.workspace}/.envrc", explained["protected"])
        self.assertEqual(explained["limits"]["memoryMb"], 512)

    def test_what_cannot_be_contained_is_not_run(self):
        self.assertEqual(self.sandbox("explain", WORKER_SANDBOX="vm").returncode, EXIT_CONFIG)
        for variables in ({"WORKER_SANDBOX": "vm"}, {"WORKER_SANDBOX": "none"}):
            with self.subTest(**variables):
                ran = self.shell("echo ran", **variables)
                self.assertEqual((ran.returncode, ran.stdout), (EXIT_CONFIG, ""))
                self.assertIn("WORKER_SANDBOX", ran.stderr)


class Agents(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()

    def test_a_worker_without_a_sandbox_does_not_start_and_says_what_to_do(self):
        butler = self.make_butler(self.simulator, self.model, WORKER_SANDBOX="vm")
        environment = butler.environment_of("worker")
        ran = subprocess.run([BINARY, "worker"], env=environment, cwd=self.scratch, capture_output=True, text=True,
                             timeout=60, check=False)
        self.assertEqual(ran.returncode, EXIT_CONFIG)
        self.assertIn("WORKER_SANDBOX=vm cannot be had", ran.stdout + ran.stderr)

    def test_a_killed_worker_leaves_no_command_behind(self):
        butler = self.make_butler(self.simulator, self.model)
        butler.start_all()
        self.simulator.send_text("/run setsid sleep 633 & sleep 634")
        self.simulator.wait_for_reply("/approve")
        self.simulator.send_text("/approve")

        def sleepers():
            return [pid for pid in descendants(butler.pid("worker")) if command_line(pid)[:1] == ["sleep"]]

        until(lambda: len(sleepers()) == 2, "the command to run")
        pids = sleepers()
        butler.kill("worker")
        until(lambda: not any(alive(pid) for pid in pids), "what the command started to be gone")


if __name__ == "__main__":
    unittest.main()
