"""Where the things under test lie. Each can be moved by an environment variable, for presets."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("BUTLER_BINARY", CHECKOUT / "build/release/butler"))
SIMULATOR = CHECKOUT / "tools/telegram-simulator/simulator.py"
TEST_NODE = CHECKOUT / "build/test-node"


def normal_home() -> Path:
    """The home that tools/setup/runtime.sh installs the pinned runtime into."""
    if home := os.environ.get("BUTLER_HOME"):
        return Path(home)
    return Path("/var/lib/butler") if os.geteuid() == 0 else CHECKOUT / ".data"


RUNTIME = Path(os.environ.get("BUTLER_RUNTIME", normal_home() / "runtime"))
NODE = RUNTIME / "bin/node"
PI = RUNTIME / "bin/pi"


def require(path: Path, made_by: str) -> Path:
    """The path, or a failure that says which command makes it."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; {made_by} makes it")
    return path
