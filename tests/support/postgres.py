"""A PostgreSQL server of the test's own: real, thrown away, reached over a socket in the scratch folder.

    postgres = Postgres(scratch)
    butler = Butler(scratch, simulator, ORCH_DATABASE_URL=postgres.url("butler"))
    postgres.kill(); postgres.start()
"""

import os
import pwd
import signal
import subprocess
from pathlib import Path

from .process import Process
from .wait import until

PASSWORD = "password-of-the-tests-0123456789"


def _programs() -> Path:
    """Of the newest version that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if not found:
        raise FileNotFoundError("PostgreSQL is missing; tools/setup/packages.sh test installs it")
    return found[-1]


def psql() -> Path:
    """The server's own client."""
    return _programs() / "psql"


# No test cuts the power, so it does not wait for the disk.
OF_TESTS = ("fsync=off", "max_connections=50")


class Postgres:
    """Runs. Everybody may walk through `scratch`; who connects needs the password."""

    def __init__(self, scratch: Path, options: tuple[str, ...] = OF_TESTS):
        self.folder = scratch / "postgres"
        self._options = options
        self.processes: list[Process] = []
        self.folder.mkdir(mode=0o711)
        self.folder.chmod(0o711)
        password_file = self.folder / "password"
        password_file.write_text(PASSWORD)
        if os.geteuid() == 0:  # the server refuses to run as root
            for path in (self.folder, password_file):
                os.chown(path, *_user())
        self._run_as_user(
            [_programs() / "initdb", "-D", self.folder / "data", "-U", "butler", "--auth=scram-sha-256", f"--pwfile={password_file}"]
            + ["--no-sync", "--encoding=UTF8", "--locale=C"]
        )
        self.start()
        self.query("CREATE DATABASE butler", database="postgres")

    def start(self) -> None:
        """Ready when it returns."""
        options = ["listen_addresses=", f"unix_socket_directories={self.folder}", *self._options]
        words = [_programs() / "postgres", "-D", self.folder / "data"] + [word for option in options for word in ("-c", option)]
        process = Process("postgres", _as_user(words), _environment(), cwd=self.folder)
        self.processes.append(process)
        process.wait_for_line("database system is ready to accept connections")

    def url(self, database: str = "butler") -> str:
        return f"postgresql://butler:{PASSWORD}@/{database}?host={self.folder}"

    def query(self, sql: str, database: str = "butler") -> list[list[str]]:
        """The rows, as text."""
        command = [psql(), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t"]
        command += ["--set=ON_ERROR_STOP=1", f"--command={sql}", self.url(database)]
        done = subprocess.run(command, env=_environment(), capture_output=True, text=True, timeout=180)
        if done.returncode != 0:
            raise AssertionError(f"{sql}: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def kill(self) -> None:
        """SIGQUIT: every connection is cut, nothing is finished, and the next start recovers."""
        process = self.processes[-1]
        process.send(signal.SIGQUIT)
        until(lambda: not process.running, "the server to end")

    def report(self) -> str:
        return "\n".join(process.report() for process in self.processes)

    def close(self) -> None:
        if self.processes and self.processes[-1].running:
            self.kill()

    def _run_as_user(self, words: list) -> None:
        done = subprocess.run([str(word) for word in _as_user(words)], env=_environment(), cwd=self.folder, capture_output=True, text=True, timeout=240)
        if done.returncode != 0:
            raise AssertionError(f"{words[0]}: {done.stdout}{done.stderr}")


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


def _user() -> tuple[int, int]:
    entry = pwd.getpwnam("postgres")
    return entry.pw_uid, entry.pw_gid


def _as_user(words: list) -> list:
    """As root: as the user that Debian's package makes. It goes when this program goes."""
    become = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["/usr/bin/setpriv", *become, "--pdeathsig=QUIT", *words]
