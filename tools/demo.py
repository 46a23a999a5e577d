#!/usr/bin/env python3
"""Runs Butler on a stand-in for Telegram, with a chat page in the browser. `make demo` builds what it needs.

State lies in the home's folder `demo`. The agent is pi where a provider is configured (PI_PROVIDER in the
environment or in .env), else a mock that says so. Ctrl-C ends everything. Exit code: 0 when asked to end,
1 when something ended by itself or could not start.
"""

import argparse
import ctypes
import json
import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BINARY = Path(os.environ.get("BUTLER_BINARY", CHECKOUT / "build/release/butler"))
SIMULATOR = CHECKOUT / "tools/telegram-simulator/simulator.py"
OWNER_ID = "1001"
USUAL_PORT = 8790

# What the demo decides itself, whatever the environment or .env say about the real bot.
OWN_PREFIXES = ("BUTLER_", "GATEWAY_", "ORCH_", "TELEGRAM_", "TG_", "WORKER_")
OWN_NAMES = {"PI_BINARY", "PI_EXEC_MODE", "PI_SESSION_ROOT", "PI_WORKSPACE"}

ENV_LINE = re.compile(r"""^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^#]*?))\s*(?:#.*)?$""")


class Ended(Exception):
    """Something the demo needs is missing or has ended; says what to do."""


def normal_home() -> Path:
    if home := os.environ.get("BUTLER_HOME"):
        return Path(home).absolute()
    return Path("/var/lib/butler") if os.geteuid() == 0 else CHECKOUT / ".data"


def read_env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    matches = (ENV_LINE.match(line) for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {match[1]: match[2] or match[3] or match[4] or "" for match in matches if match}


def read_or_make_secrets(home: Path) -> dict[str, str]:
    """The same ones at every start, so that what the demo knows stays valid."""
    file = home / "demo.json"
    if file.exists():
        return json.loads(file.read_text())
    made = {
        "bot_token": f"{secrets.randbelow(9 * 10**8) + 10**8}:{secrets.token_urlsafe(27)[:35]}",
        "gateway_token": secrets.token_urlsafe(32),
        "worker_token": secrets.token_urlsafe(32),
    }
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(made, out)
    return made


def free_port(usual: int = 0) -> int:
    """The usual port, or another when somebody has it: below those that the kernel gives to outgoing connections."""
    for port in (usual, *random.SystemRandom().sample(range(20_000, 30_000), 200)):
        if port == 0:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise Ended("no port of 127.0.0.1 is free")


def describe_agent(settings: dict[str, str]) -> tuple[str, str]:
    """PI_EXEC_MODE, and what the page says about it."""
    provider = settings.get("PI_PROVIDER")
    if provider and settings.get("PI_EXEC_MODE") != "mock":
        model = settings.get("PI_MODEL")
        return "rpc", f"The agent is pi, with {provider}{f' {model}' if model else ''}."
    return "mock", "A mock answers: no provider is configured. Put PI_PROVIDER and its key into .env for the real agent."


def build_environment(settings: dict[str, str], home: Path, kept: dict[str, str], api_root: str, mode: str) -> dict[str, str]:
    port = str(free_port())
    inherited = {name: value for name, value in settings.items()
                 if not name.startswith(OWN_PREFIXES) and name not in OWN_NAMES}
    return inherited | {
        "BUTLER_HOME": str(home),
        "BUTLER_ENV_FILE": "",
        "ORCH_HOST": "127.0.0.1",
        "ORCH_PORT": port,
        "ORCH_BASE_URL": f"http://127.0.0.1:{port}",
        "ORCH_GATEWAY_TOKEN": kept["gateway_token"],
        "ORCH_WORKER_TOKEN": kept["worker_token"],
        "TELEGRAM_BOT_TOKEN": kept["bot_token"],
        "TELEGRAM_API_ROOT": api_root,
        "TG_OWNER_IDS": OWNER_ID,
        "PI_EXEC_MODE": mode,
        "PI_BINARY": settings.get("PI_BINARY") or str(normal_home() / "runtime/bin/pi"),
    }


def end_with_parent() -> None:
    """In the child: SIGTERM when the demo dies, however it dies."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def start(argv: list[object], environment: dict[str, str], **options) -> subprocess.Popen:
    # A session of its own: Ctrl-C reaches the demo alone, which then ends the others in order.
    return subprocess.Popen([str(word) for word in argv], env=environment, stdin=subprocess.DEVNULL,
                            start_new_session=True, preexec_fn=end_with_parent, **options)


def end(process: subprocess.Popen, patience: float) -> bool:
    """Whether it ended by itself when asked."""
    if process.poll() is not None:
        return True
    process.terminate()
    try:
        process.wait(patience)
        return True
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False


def start_simulator(port: int, home: Path, kept: dict[str, str], note: str) -> tuple[subprocess.Popen, str]:
    """The stand-in for Telegram, listening, and its address."""
    port_file = home / "simulator.port"
    port_file.unlink(missing_ok=True)
    words = home / "simulator.log"
    with open(words, "w") as log:
        process = start([sys.executable, SIMULATOR, "--host", "127.0.0.1", "--port", port, "--port-file", port_file,
                         "--bot-token", kept["bot_token"], "--bot-username", "butler_demo_bot", "--owner-id", OWNER_ID,
                         "--owner-name", "You", "--note", note,
                         # Butler remembers the last run's updates: this one's have to come after them.
                         "--first-update-id", int(time.time())], dict(os.environ), stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while not (port_file.exists() and (text := port_file.read_text().strip())):
        if process.poll() is not None:
            raise Ended(f"the Telegram simulator ended at its start (exit {process.returncode}): {words.read_text().strip()}")
        if time.monotonic() > deadline:
            end(process, 2)
            raise Ended(f"the Telegram simulator did not come up in 20 s: {words.read_text().strip()}")
        time.sleep(0.02)
    return process, f"http://127.0.0.1:{text}"


def relay(butler: subprocess.Popen, ready: threading.Event) -> None:
    for line in butler.stdout:
        print(line, end="", flush=True)
        if "event=up.ready" in line:
            ready.set()


def run(port: int) -> int:
    for needed, made_by in ((BINARY, "make build"), (SIMULATOR, "git checkout")):
        if not needed.exists():
            raise Ended(f"{needed} is missing: {made_by} makes it")
    home = normal_home() / "demo"
    home.mkdir(parents=True, exist_ok=True, mode=0o711)
    if os.geteuid() == 0:
        home.chmod(0o711)  # each role's user walks through to its own folder
    kept = read_or_make_secrets(home)
    settings = read_env_file(CHECKOUT / ".env") | dict(os.environ)
    mode, note = describe_agent(settings)

    running: list[tuple[subprocess.Popen, float]] = []
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.set())
    clean = True
    try:
        simulator, address = start_simulator(port, home, kept, note)
        running.append((simulator, 2))
        butler = start([BINARY, "up"], build_environment(settings, home, kept, address, mode),
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        running.append((butler, 6))  # Butler itself takes at most 5 s
        ready = threading.Event()
        threading.Thread(target=relay, args=(butler, ready), daemon=True).start()
        told = False
        while not asked.is_set():
            if butler.poll() is not None:
                raise Ended(f"butler up ended by itself (exit {butler.returncode}); its words are above")
            if simulator.poll() is not None:
                raise Ended(f"the Telegram simulator ended by itself (exit {simulator.returncode})")
            if ready.is_set() and not told:
                told = True
                print(f"\nButler is ready. {note}\nTalk to it here:  {address}/\n(Ctrl-C ends it.)\n", flush=True)
            asked.wait(0.1)
    finally:
        for process, patience in reversed(running):
            clean = end(process, patience) and clean
    if not clean:
        raise Ended("something had to be killed, because it did not end when asked")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, help=f"of the chat page (default: {USUAL_PORT}, or a free one)")
    arguments = parser.parse_args()
    try:
        return run(arguments.port if arguments.port is not None else free_port(USUAL_PORT))
    except Ended as reason:
        print(f"butler demo: {reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
