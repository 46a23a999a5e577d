"""A network of a test file's own, in which names of the test's lead to addresses that look public.

There is no internet in tests, and the worker dials public addresses only: so the file is run again where
such an address is one of loopback's, and where /etc/hosts is the test's. Nothing outside sees any of it.

    if __name__ == "__main__":
        own_network.enter({"news.example": own_network.PUBLIC})
        unittest.main()
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PUBLIC = "11.22.33.44"
_INSIDE = "BUTLER_TEST_OWN_NETWORK"


def enter(names: Mapping[str, str]) -> None:
    """Runs this program again in a network and a mount namespace of its own; returns there. `names`: to addresses."""
    if _INSIDE not in os.environ:
        kind = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
        os.execvpe("unshare", ["unshare", *kind, "--net", "--mount", "--", sys.executable, "-B", *sys.argv], os.environ | {_INSIDE: "1"})
    for words in (["link", "set", "lo", "up"], ["address", "add", f"{PUBLIC}/32", "dev", "lo"]):
        subprocess.run(["ip", *words], check=True)
    with tempfile.NamedTemporaryFile("w", prefix="butler-test-hosts-", delete=False) as hosts:
        # With the dot at the end, as the worker looks names up.
        hosts.write("127.0.0.1 localhost\n" + "".join(f"{address} {name}. {name}\n" for name, address in names.items()))
    os.chmod(hosts.name, 0o644)
    subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)
    Path(hosts.name).unlink()
