"""Each setting of the sandbox by itself: a test here fails when its setting is disconnected.

The probe (test_sandbox_probe.py) says that the whole holds. Most doors have two locks, so it would not notice one that
is gone; here each lock is looked at. What is not in the list has a test of its own elsewhere:

    files that cannot be seen or written         test_sandbox.py, mounts_test.cpp
    covers over .git/hooks and its like          test_sandbox.py: what_a_host_tool_would_execute, no_way_round
    memory of all processes, workspace's size    test_sandbox_bombs.py, test_sandbox.py: each_limit_holds
    the listener, and nothing else to connect to test_sandbox.py: only_the_listener_can_be_reached
    nothing goes on after the agent, the worker  test_sandbox.py: nothing_it_started_goes_on, a_killed_worker
    no namespaces inside, death with the worker  bwrap_arguments_test.cpp: what cannot be seen from inside
    each rule of the seccomp filters             test_sandbox_probe.py: without them its attempts are open
"""

import ctypes
import json
import os
import platform
import pwd
import resource
import subprocess
import unittest

from support.case import SystemTest
from support.paths import BINARY
from support.sandbox import LEAST_LANDLOCK, landlock_abi, user_namespaces

# Looks around inside, and prints what it sees.
INSPECT = r"""
import json, os, resource

open_descriptors = []
for number in range(3, 1024):
    try:
        os.fstat(number)
        open_descriptors.append(number)
    except OSError:
        pass
def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as error:
        return f"{type(error).__name__}"
def write(path, what):
    try:
        with open(path, "w") as file:
            file.write(what)
        return "written"
    except OSError as error:
        return type(error).__name__
def mounts():
    found = {}
    for line in text("/proc/self/mountinfo").splitlines():
        fields = line.split()
        found[fields[4]] = fields[5].split(",") + fields[fields.index("-") + 3].split(",")
    return found
status = dict(line.split(":\t", 1) for line in text("/proc/self/status").splitlines() if ":\t" in line)
size = lambda path: os.statvfs(path).f_blocks * os.statvfs(path).f_frsize
print(json.dumps({
    "descriptors": open_descriptors,
    "limits": {name: resource.getrlimit(number)[1] for name, number in
               {"data": 2, "core": 4, "nproc": 6, "nofile": 7, "fsize": 1, "msgqueue": 12}.items()},
    "status": status,
    "namespaces": {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in ("user", "pid", "net", "ipc", "uts", "cgroup", "mnt")},
    "keys": text("/proc/keys"),
    "session": os.getsid(0),
    "umask": os.umask(0),
    "environment": sorted(os.environ),
    "hostname": os.uname().nodename,
    "comm": write("/proc/self/comm", "renamed"),
    "passwd": text("/etc/passwd"),
    "oom": text("/proc/self/oom_score_adj").strip(),
    "mounts": mounts(),
    "sizes": {path: size(path) for path in ("/tmp", "/dev/shm")},
    "first": text("/proc/1/comm").strip(),
}))
"""

# What a command's environment is made of; nothing of the worker's own.
ENVIRONMENT = {"BUTLER_FILES_URL", "BUTLER_MCP_URL", "GIT_CONFIG_NOSYSTEM", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LC_CTYPE", "LOGNAME", "NODE_USE_ENV_PROXY", "NO_PROXY", "PATH", "PWD",
               "SHELL", "SHLVL", "TERM", "TMPDIR", "TZ", "USER", "_", "http_proxy", "https_proxy", "no_proxy"}
KEY = "butler-test-key"
# Without a user namespace it is the user's: what other tests run as the same user counts, too.
PROCESSES = 3_777
MEBIBYTE = 1 << 20


def put_a_key_into_the_session() -> None:
    """In the child: a session keyring with a key in it that whoever inherits the keyring can see."""
    add, control = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
    call = ctypes.CDLL(None, use_errno=True).syscall
    call(control, 1, None)  # KEYCTL_JOIN_SESSION_KEYRING
    key = call(add, b"user", KEY.encode(), b"x", 1, -3)  # KEY_SPEC_SESSION_KEYRING
    agent = pwd.getpwnam("butler") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    if os.geteuid() == 0:
        call(control, 4, key, agent.pw_uid, agent.pw_gid)  # KEYCTL_CHOWN: the user namespace has to know its owner
    call(control, 5, key, 0x3F000000)  # KEYCTL_SETPERM: for those who have the keyring, and nobody else


class Settings(SystemTest):
    seen: dict[str, dict] = {}

    def setUp(self):
        self.butler = self.make_butler()

    def inside(self, tier: str) -> dict:
        """What there is inside; looked at once for all tests."""
        if tier in self.seen:
            return self.seen[tier]
        variables = {"WORKER_SANDBOX": tier, "WORKER_ALLOW_UNSANDBOXED": "true", "WORKER_MEMORY_MB": "1024", "WORKER_PROCESSES": str(PROCESSES),
                     "SECRET_OF_THE_WORKER": "x"}
        extra = os.open("/etc/hostname", os.O_RDONLY)
        self.addCleanup(os.close, extra)

        def prepare():
            put_a_key_into_the_session()
            os.umask(0o022)

        ran = subprocess.run([BINARY, "sandbox", "run", "--", "/usr/bin/python3", "-c", INSPECT],
                             env=self.butler.environment_of("worker") | variables, cwd=self.scratch, capture_output=True, text=True,
                             timeout=120, check=False, pass_fds=[extra], preexec_fn=prepare)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.seen[tier] = json.loads(ran.stdout)
        return self.seen[tier]

    def tiers(self, *wanted: str):
        """The tiers that this machine has, and what there is inside."""
        for tier in wanted:
            there = {"bwrap": user_namespaces(), "landlock": landlock_abi() >= LEAST_LANDLOCK, "none": True}
            if there[tier]:
                yield tier, self.inside(tier)

    # ---- in every tier -------------------------------------------------------------------------------

    def test_the_key_that_is_looked_for_would_be_seen(self):
        shown = subprocess.run(["cat", "/proc/keys"], capture_output=True, text=True, check=True, preexec_fn=put_a_key_into_the_session)
        self.assertIn(KEY, shown.stdout)

    def test_the_session_keyring_is_its_own(self):
        # What landlock's agents have is none's: they only cannot look.
        for tier, seen in self.tiers("bwrap", "none"):
            self.assertIn(":", seen["keys"], f"{tier}: it can look")
            self.assertNotIn(KEY, seen["keys"], tier)

    def test_no_descriptor_but_the_three_streams_is_open(self):
        for tier, seen in self.tiers("bwrap", "landlock", "none"):
            self.assertEqual(seen["descriptors"], [], tier)

    def test_each_limit_is_the_sandboxs(self):
        self.assertGreater(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 4096, "it could be missed otherwise")
        for tier, seen in self.tiers("bwrap", "landlock", "none"):
            self.assertEqual(seen["limits"], {"data": 1024 * MEBIBYTE, "core": 0, "nproc": PROCESSES, "nofile": 4096, "fsize": 512 * MEBIBYTE,
                                              "msgqueue": 0}, tier)

    def test_what_it_makes_is_private_and_it_has_a_session_of_its_own(self):
        for tier, seen in self.tiers("bwrap", "landlock", "none"):
            self.assertEqual(seen["umask"], 0o077, tier)
            self.assertNotIn(seen["session"], (0, os.getsid(0)), tier)
            self.assertEqual(seen["oom"], "500", tier)

    def test_the_environment_is_built_and_not_inherited(self):
        for tier, seen in self.tiers("bwrap", "landlock", "none"):
            self.assertEqual(set(seen["environment"]) - ENVIRONMENT, set(), tier)

    def test_no_privilege_can_be_had(self):
        for tier, seen in self.tiers("bwrap", "landlock", "none"):
            self.assertEqual(seen["status"]["NoNewPrivs"], "1", tier)
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                self.assertEqual(int(seen["status"][name], 16), 0, (tier, name))

    # ---- bwrap and landlock --------------------------------------------------------------------------

    def test_all_filters_of_system_calls_are_loaded(self):
        for tier, filters in (("bwrap", 2), ("landlock", 4)):
            for _, seen in self.tiers(tier):
                self.assertEqual(seen["status"]["Seccomp"], "2")
                self.assertEqual(seen["status"]["Seccomp_filters"], str(filters))

    def test_landlock_is_there_under_the_mounts_too(self):
        # Its owner may write it, and no mount forbids it.
        for tier, seen in self.tiers("bwrap", "landlock"):
            self.assertEqual(seen["comm"], "PermissionError", tier)
        self.assertEqual(self.inside("none")["comm"], "written")

    # ---- bwrap ---------------------------------------------------------------------------------------

    def test_every_namespace_is_its_own(self):
        for _, seen in self.tiers("bwrap"):
            for name, number in seen["namespaces"].items():
                self.assertNotEqual(number, os.stat(f"/proc/self/ns/{name}").st_ino, name)
            self.assertEqual(seen["hostname"], "butler")
            self.assertEqual(seen["first"], "bwrap", "no process of the machine's is in its /proc")
            self.assertEqual(int(seen["status"]["CapBnd"], 16), 0)

    def test_memory_that_looks_like_files_is_limited_and_the_rest_is_read_only(self):
        for _, seen in self.tiers("bwrap"):
            self.assertEqual(seen["sizes"], {"/tmp": 256 * MEBIBYTE, "/dev/shm": 64 * MEBIBYTE})
            for path in ("/", "/dev"):
                self.assertIn("ro", seen["mounts"][path], path)

    def test_it_learns_no_users_of_the_machine(self):
        for _, seen in self.tiers("bwrap"):
            self.assertEqual([line.split(":")[0] for line in seen["passwd"].splitlines()], ["butler", "nobody"])


if __name__ == "__main__":
    unittest.main()
