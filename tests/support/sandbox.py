"""What this machine's kernel offers to the sandbox."""

import ctypes
import os
import subprocess

_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_VERSION = 1
LEAST_LANDLOCK = 6  # as sandbox/tier.hpp has it


def landlock_abi() -> int:
    """0: there is none."""
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION))


def user_namespaces() -> bool:
    """Whether a plain user can make one and mount in it."""
    as_user = ["setpriv", "--reuid=butler", "--regid=butler", "--clear-groups", "--"] if os.geteuid() == 0 else []
    made = subprocess.run([*as_user, "unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/tmp"],
                          capture_output=True)
    return made.returncode == 0
