"""Control groups of version 2 on a real kernel: boots a small machine in which a group is delegated, as systemd would with
Delegate=yes, and runs the module's tests against its kernel there."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from support.case import SystemTest
from support.paths import BINARY, require

GUEST_INIT = r"""#!/bin/sh
if [ ! -e /moved ]; then
  # bubblewrap cannot leave the first root of a kernel.
  mkdir /new; mount -t tmpfs -o mode=755 root /new; cp -a /usr /bin /sbin /lib /lib64 /opt /etc /init /new
  mkdir /new/proc /new/sys /new/dev /new/tmp /new/moved; exec switch_root /new /init
fi
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp; chmod 1777 /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo '+memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/butler.service
cd /sys/fs/cgroup/butler.service && chown 1000 . cgroup.procs cgroup.subtree_control cgroup.threads
ip link set lo up
(
  echo 0 > cgroup.procs
  export BUTLER_TEST_CONTROL_GROUPS=1
  exec /usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups /opt/sandbox_test --gtest_filter='KernelsControlGroups.*'
)
echo "the tests have ended: $?"
poweroff -f
"""
TOOLS = "sh mount chmod mkdir chown cp switch_root ip poweroff sleep dd".split()


def libraries_of(program: Path) -> list[Path]:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [Path(word) for line in listed.splitlines() for word in line.split() if word.startswith("/")]


class ControlGroups(SystemTest):
    def kernel(self) -> Path:
        """Debian's, as `butler vm create` finds it."""
        home = self.scratch / "home"
        environment = {"PATH": os.environ["PATH"], "BUTLER_HOME": str(home), "BUTLER_ENV_FILE": ""}
        made = subprocess.run([BINARY, "vm", "create", "--size", "64M"], env=environment, cwd="/", capture_output=True, text=True, timeout=150)
        self.assertEqual(made.returncode, 0, made.stderr)
        return next(home.glob("vm/images/*/kernel"))

    def initrd(self) -> Path:
        root = self.scratch / "root"
        for folder in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "opt", "proc", "sys", "dev", "tmp", "etc"):
            (root / folder).mkdir(parents=True)
        for link in ("bin", "sbin", "lib", "lib64"):
            (root / link).symlink_to(f"usr/{link}")
        folder = Path(BINARY).parent
        programs = {folder / "src/sandbox/sandbox_test": "opt", folder / "butler-sandbox-init": "opt", Path("/usr/bin/bwrap"): "usr/bin",
                    Path("/usr/bin/setpriv"): "usr/bin", Path("/bin/busybox"): "usr/bin"}
        for program, place in programs.items():
            shutil.copy(require(program, "make build"), root / place)
            if program.name in ("busybox", "butler-sandbox-init"):
                continue
            for library in libraries_of(program):
                to = root / "usr" / library.relative_to("/usr" if library.is_relative_to("/usr") else "/")
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, to)
        for tool in TOOLS:
            (root / "usr/bin" / tool).symlink_to("busybox")
        (root / "init").write_text(GUEST_INIT)
        (root / "init").chmod(0o755)
        image = self.scratch / "initrd"
        with image.open("wb") as file:
            names = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True, check=True).stdout
            subprocess.run(["cpio", "--null", "--create", "--format=newc", "--quiet"], cwd=root, input=names, stdout=file, check=True)
        return image

    def test_the_kernel_holds_memory_and_processes_of_a_sandbox(self):
        if shutil.which("qemu-system-x86_64") is None or os.environ.get("BUTLER_SANITIZED"):
            self.skipTest("no QEMU here, or a program that is too large for a small machine")
        console = self.scratch / "console"
        words = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", "768", "-nographic", "-no-reboot", "-nic", "none",
                 "-kernel", self.kernel(), "-initrd", self.initrd(), "-append", "console=ttyS0 panic=-1 quiet"]
        with console.open("wb") as output:
            try:
                subprocess.run(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=420, check=False)
            except subprocess.TimeoutExpired:
                pass  # what it has said until then says more
        said = console.read_text(errors="replace")
        self.assertIn("the tests have ended: 0", said)
        self.assertIn("2 tests.", said)


if __name__ == "__main__":
    unittest.main()
