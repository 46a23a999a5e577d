"""A clean Debian 12 with a systemd of its own, in namespaces: for what only an installation shows. Root only.

    root = debian_root(scratch)                 # a fresh copy; the first one of a checkout is made by mmdebstrap
    with Machine(root) as machine:              # systemd is up
        machine.run("systemctl", "start", "butler.target")

It shares the network with the test, so a simulator on 127.0.0.1 is there for it; nothing else: processes, mounts, control
groups and files are its own.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .paths import CHECKOUT
from .wait import until

_PACKAGES = "systemd-sysv,dbus,ca-certificates"
_CACHE = CHECKOUT / "build/debian-root.tar"
_INIT = "/lib/systemd/systemd"

# What the machine's first process finds. Nothing lies over parts of /proc: bubblewrap could not have a /proc of its own then.
# What systemd sets at its start in the kernel that it shares with the test's machine; put back at the end.
_KERNEL_SETTINGS = ("fs/file-max", "fs/nr_open", "net/unix/max_dgram_qlen")

_ENTER = r"""
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir -p mnt/outside
pivot_root . mnt/outside
umount --lazy /mnt/outside
hostname butler-machine
exec env --ignore-environment container=butler-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --log-target=console
"""


def debian_root(scratch: Path) -> Path:
    """A clean root of Debian 12 in a folder of `scratch`: in memory, where it is written and gone in a moment. The
    Machine that it is given to takes it away."""
    if not _CACHE.exists():
        new = _CACHE.with_suffix(f".new-{os.getpid()}.tar")
        _check(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", new, *_sources()])
        new.rename(_CACHE)
    root = scratch / "root"
    root.mkdir()
    _check(["mount", "-t", "tmpfs", "-o", "size=3g,mode=755", "tmpfs", root])
    _check(["tar", "--extract", "--file", _CACHE, "--directory", root, "--numeric-owner"])
    # Packages come from where this machine has them from.
    for file in Path("/etc/apt/apt.conf.d").glob("*"):
        if "Check-Valid-Until" in file.read_text(errors="replace") or "Proxy" in file.read_text(errors="replace"):
            shutil.copy(file, root / "etc/apt/apt.conf.d" / file.name)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    # The kernel and the network are the test's machine's, so their settings stay as they are.
    for service in ("systemd-sysctl", "systemd-modules-load", "systemd-binfmt"):
        (root / f"etc/systemd/system/{service}.service").symlink_to("/dev/null")
    return root


def _sources() -> list[Path]:
    found = [path for path in (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")) if path.exists()]
    return found[:1]


def _check(command: list, **options) -> str:
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


class Machine:
    """Runs from its making on until `close`."""

    def __init__(self, root: Path):
        self.root = root
        self._last_words = "the machine did not boot"
        self._kernel = {Path("/proc/sys", name): Path("/proc/sys", name).read_text() for name in _KERNEL_SETTINGS}
        self._groups = root.parent / "groups"
        self._groups.mkdir()
        _check(["mount", "-t", "cgroup2", "cgroup2", self._groups])
        self._group = self._groups / f"butler-machine-{os.getpid()}"
        self._group.mkdir()
        self._log = (root.parent / "machine.log").open("wb")
        enter = f'echo $$ >"{self._group}/cgroup.procs"; exec unshare --mount --pid --uts --ipc --cgroup --fork --kill-child -- sh -euc "$0" sh "$1"'
        self._popen = subprocess.Popen(["sh", "-euc", enter, _ENTER, str(root)], stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            self.pid = until(self._find_init, "the machine's systemd", 30)
            self.wait_for_boot()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _find_init(self) -> int:
        if self._popen.poll() is not None:
            raise AssertionError("the machine did not start:\n" + self.console())
        children = Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children").read_text().split()
        started = [int(pid) for pid in children if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(_INIT.encode())]
        return started[0] if started else 0

    def wait_for_boot(self) -> None:
        state = ""

        def booted() -> bool:
            nonlocal state
            state = self.ask("systemctl", "is-system-running")
            return state in ("running", "degraded")

        until(booted, "the machine to have booted", 60)
        if state != "running":
            raise AssertionError("the machine has failed units:\n" + self.ask("systemctl", "--no-pager", "--failed"))

    def _inside(self, words: tuple) -> list[str]:
        return ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--",
                "env", "--chdir=/", "--ignore-environment", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root", "DEBIAN_FRONTEND=noninteractive", *map(str, words)]

    def run(self, *words: object, timeout: float = 300) -> str:
        """A command inside, as root; its output. Fails unless it ends with 0."""
        return _check(self._inside(words), timeout=timeout)

    def ask(self, *words: object) -> str:
        """The output of a command inside, whatever it ends with."""
        return subprocess.run(self._inside(words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60).stdout.strip()

    def property_of(self, unit: str, name: str) -> str:
        """As `systemctl show` has it."""
        return self.ask("systemctl", "show", "--value", f"--property={name}", unit)

    def is_active(self, unit: str) -> bool:
        return self.ask("systemctl", "is-active", unit) == "active"

    def journal(self, unit: str) -> list[str]:
        """What the unit has logged since the boot."""
        return self.ask("journalctl", "--no-pager", "--output=cat", f"--unit={unit}").splitlines()

    def process_file(self, unit: str, name: str) -> bytes:
        """/proc/<main process>/<name>, read as the machine's root."""
        pid = self.property_of(unit, "MainPID")
        return subprocess.run(self._inside(("cat", f"/proc/{pid}/{name}")), capture_output=True, check=True).stdout

    def console(self) -> str:
        return Path(self._log.name).read_text(errors="replace")[-2000:]

    def report(self) -> str:
        """What it has said, also after its end."""
        return self._last_words

    def close(self) -> None:
        """As if the power were cut; nothing of it is left."""
        if self._popen.poll() is None:
            self._last_words = self.console() + "\n---- the machine's journal\n" + self.ask("journalctl", "--no-pager", "--output=cat", "--lines=60", "--unit=butler*")
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()
        deadline = time.monotonic() + 20
        while (self._group / "cgroup.events").read_text().startswith("populated 1") and time.monotonic() < deadline:
            (self._group / "cgroup.kill").write_text("1")
            time.sleep(0.05)
        for folder, _, _ in os.walk(self._group, topdown=False):
            os.rmdir(folder)
        for file, value in self._kernel.items():
            file.write_text(value)
        _check(["umount", self._groups])
        _check(["umount", "--lazy", self.root])
        self._log.close()
