"""butler doctor: installations with one thing wrong each. It names the cause and the mend; --fix does what is safe."""

import dataclasses
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import unittest
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

from support import net
from support.butler import Butler
from support.case import SystemTest
from support.model_server import API_KEY, ModelServer
from support.paths import BINARY, RUNTIME
from support.small_disk import SmallDisk
from support.simulator import BOT_TOKEN, Simulator

GATEWAY_SECRET = "canary-of-the-gateway-0123456789abcdef"
WORKER_SECRET = "canary-of-the-worker-0123456789abcdef"
PASSED_ON = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LLVM_PROFILE_FILE")
SLOW = ("pollers", "turn")  # looked at once: none of them has a fix
SECRETS = (BOT_TOKEN, GATEWAY_SECRET, WORKER_SECRET, API_KEY)


class Installation:
    """A home of its own, as `butler up` leaves it, with a .env."""

    def __init__(self, home: Path, settings: dict[str, str]):
        self.home = home
        self.settings = dict(settings)
        self.write_settings()

    def write_settings(self, **changes: str) -> None:
        self.settings |= changes
        lines = [f"{name}={value}" for name, value in self.settings.items()]
        (self.home / ".env").write_text("\n".join(lines) + "\n")
        (self.home / ".env").chmod(0o600)

    def doctor(self, *words: str) -> subprocess.CompletedProcess:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "BUTLER_HOME": str(self.home)}
        environment |= {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return subprocess.run([BINARY, "doctor", *words], capture_output=True, text=True, env=environment, cwd=self.home, timeout=240)

    def findings(self, *words: str) -> tuple[dict, int]:
        done = self.doctor("--json", *words)
        try:
            return json.loads(done.stdout), done.returncode
        except json.JSONDecodeError as fault:
            raise AssertionError(f"{done.returncode}: {done.stdout}\n{done.stderr}") from fault


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing that is wrong, and what the doctor must say of it."""

    what: str
    check: str
    breaks: Callable[["DoctorTest", Installation], None]
    says: str  # in what is
    mend: str  # in the command
    status: str = "broken"
    fixed: bool = False  # --fix mends it, and the doctor is content afterwards


def set_to(**settings: str) -> Callable:
    return lambda test, it: it.write_settings(**settings)


def mode(name: str, bits: int) -> Callable:
    return lambda test, it: (it.home / name).chmod(bits)


def write(name: str, text: str, bits: int = 0o644) -> Callable:
    def act(test, it):
        file = it.home / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(bits)

    return act


def failing_pi(test, it):
    """The runtime's pi ends at once."""
    older_runtime(test, it)
    runtime = it.home / "runtime"
    (runtime / "bin").unlink()
    (runtime / "bin").mkdir()
    (runtime / "bin/node").symlink_to(RUNTIME / "bin/node")
    (runtime / "bin/pi").write_text("#!/bin/sh\necho 'this pi is out of order' >&2\nexit 3\n")
    (runtime / "bin/pi").chmod(0o755)


def change_database(name: str, sql: str) -> Callable:
    def act(test, it):
        with sqlite3.connect(it.home / name) as database:
            database.execute(sql)
        database.close()
        for part in ("-wal", "-shm"):
            (it.home / (name + part)).unlink(missing_ok=True)

    return act


def damage_database(test, it):
    """The pages of a b-tree become zeros: the header stays right."""
    with (it.home / "state.db").open("r+b") as file:
        file.seek(4_096)
        file.write(b"\0" * 8_192)


def take_port(test, it):
    listener = socket.create_server(("127.0.0.1", 0))
    test.addCleanup(listener.close)
    it.write_settings(ORCH_PORT=str(listener.getsockname()[1]))


def set_webhook(test, it):
    test.call_bot("setWebhook", url="https://example.org/hook")
    test.addCleanup(test.call_bot, "deleteWebhook")


def poll_elsewhere(test, it):
    over = threading.Event()

    def poll():
        while not over.is_set():
            test.call_bot("getUpdates", timeout=1)

    thread = threading.Thread(target=poll)
    thread.start()
    test.addCleanup(thread.join)
    test.addCleanup(over.set)
    test.simulator.wait_for_polling()


def clock_apart(test, it):
    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.send_response_only(200)
            self.send_header("Date", formatdate(1_000_000_000, usegmt=True))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words):
            pass

    it.write_settings(TELEGRAM_API_ROOT=test.serve(Server))


def refuse_key(test, it):
    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            body = b'{"error": {"message": "Incorrect API key provided"}}'
            self.send_response(401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    file = it.home / "agent" / "models.json"
    models = json.loads(file.read_text())
    models["providers"]["mock"]["baseUrl"] = test.serve(Server) + "/v1"
    file.write_text(json.dumps(models))


def fill_disk(test, it):
    disk = SmallDisk(test, test.folder / "small")
    moved = disk.folder / "home"
    subprocess.run(["cp", "-a", it.home, moved], check=True)
    it.home = moved


def older_runtime(test, it):
    """The pinned runtime but for pi's version."""
    runtime = it.home / "runtime"
    modules = runtime / "node_modules"
    modules.mkdir(parents=True)
    (runtime / "bin").symlink_to(RUNTIME / "bin")
    for entry in (RUNTIME / "node_modules").iterdir():
        if entry.name != "@earendil-works":
            (modules / entry.name).symlink_to(entry)
    package = modules / "@earendil-works" / "pi-coding-agent"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "0.80.0"}')


def unfinished_runtime(test, it):
    (it.home / "runtime").mkdir()
    it.write_settings(PI_BINARY=str(it.home / "runtime/bin/pi"))


def ask_for_wrapper(test, it):
    write("config/mcporter.json", '{"imports": [], "mcpServers": {"hello": {"command": "/bin/true"}}}')(test, it)
    write("config/mcp-clis.json", '{"targets": [{"name": "hello", "selector": "hello"}]}')(test, it)


def break_server_list(test, it):
    write("config/mcp-host.json", "{", 0o600)(test, it)
    own_by("butler", "config/mcp-host.json")(test, it)


def open_server_list(test, it):
    write("config/mcp-host.json", '{"mcpServers": {}}', 0o644)(test, it)
    own_by("butler", "config/mcp-host.json")(test, it)


def own_by(user: str, name: str) -> Callable:
    return lambda test, it: shutil.chown(it.home / name, user, user)


def link_memory(test, it):
    (it.home / "workspace/MEMORY.md").unlink()
    (it.home / "workspace/MEMORY.md").symlink_to("/etc/passwd")


CASES = (
    Case("a setting is no number", "configuration", set_to(ORCH_LEASE_SECONDS="soon"), "ORCH_LEASE_SECONDS (",
         "butler config set ORCH_LEASE_SECONDS"),
    Case("a setting's name is misspelt", "configuration", set_to(PI_MODLE="mock-1"), "PI_MODEL", ".env", status="warning"),
    Case("no owner is set", "configuration", lambda test, it: (it.settings.pop("TG_OWNER_IDS"), it.write_settings()), "TG_OWNER_IDS",
         "butler setup"),
    Case("an API secret is a placeholder", "secrets", set_to(ORCH_GATEWAY_TOKEN="changeme-changeme-changeme"), "placeholder",
         "butler config unset ORCH_GATEWAY_TOKEN"),
    Case("an API secret is short", "secrets", set_to(ORCH_WORKER_TOKEN="aB3dE6gH9"), "9 characters", "ORCH_WORKER_TOKEN"),
    Case("the API secrets are equal", "secrets", set_to(ORCH_WORKER_TOKEN=GATEWAY_SECRET), "the same as ORCH_GATEWAY_TOKEN",
         "ORCH_WORKER_TOKEN"),
    Case("others can read .env", "permissions", mode(".env", 0o644), "other users can read it", "chmod 0600", fixed=True),
    Case("others can read a database", "permissions", mode("state.db", 0o644), "state.db has the mode 0644", "chmod 0600", fixed=True),
    Case("others can write to the workspace", "permissions", mode("workspace", 0o777), "workspace has the mode 0777", "chmod 0700",
         fixed=True),
    Case("a database belongs to root", "permissions", own_by("root", "gateway.db"), "gateway.db belongs to root",
         "chown butler-control: "),
    Case("the bot's token is not the bot's", "telegram", set_to(TELEGRAM_BOT_TOKEN="700002:another-token-0123456789abcdefghijk"),
         "refuses the bot's token", "butler setup"),
    Case("a webhook takes the updates", "webhook", set_webhook, "A webhook at example.org", "--only webhook --fix", fixed=True),
    Case("another program polls", "pollers", poll_elsewhere, "Somebody else polls", "gateway"),
    Case("the clock is years apart", "clock", clock_apart, "ahead of 127.0.0.1's", "timedatectl"),
    Case("the port is somebody's", "port", take_port, f"is taken by process {os.getpid()}", f"kill {os.getpid()}"),
    Case("a database is damaged", "databases", damage_database, "state.db is damaged", ".recover"),
    Case("a database is from a newer Butler", "databases",
         change_database("state.db", "INSERT INTO migrations VALUES (99, '0099_future.sql', 'x', 0)"), "newer Butler", "butler version"),
    Case("a database waits for a migration", "databases",
         change_database("gateway.db", "DELETE FROM migrations WHERE version = (SELECT max(version) FROM migrations)"),
         "is of an older version", "butler up", status="warning"),
    Case("the disk is full", "disk", fill_disk, "MiB are free", "du -xh"),
    Case("pi is not the pinned one", "runtime", older_runtime, "is 0.80.0", "butler runtime install", status="warning"),
    Case("the runtime is not there", "runtime", unfinished_runtime, "There is no runtime in", "butler runtime install"),
    Case("pi ends at once", "turn", failing_pi, "exit status 3: this pi is out of order", "butler runtime install"),
    Case("PI_BINARY is no pi", "turn", set_to(PI_BINARY="/bin/false"), "pi does not do a scripted turn", "config unset PI_BINARY"),
    Case("the provider refuses the key", "provider", refuse_key, "refuses the key", "butler setup"),
    Case("agents have no sandbox", "sandbox", set_to(WORKER_SANDBOX="none", WORKER_ALLOW_UNSANDBOXED="true"), "WORKER_SANDBOX=none",
         "butler config set WORKER_SANDBOX", status="warning"),
    Case("the policy is broken", "policy", write("config/policy.json", '{"profile": "brave"}'), "policy.json", "butler policy check"),
    Case("others can change the policy", "permissions", write("config/policy.json", "{}", 0o666), "other users can change it",
         "chmod 0644", fixed=True),
    Case("the list of MCP servers is broken", "mcp", break_server_list, "mcp-host.json", "mcp-host.json"),
    Case("others can read the list of MCP servers", "permissions", open_server_list, "other users can read it", "chmod 0600", fixed=True),
    Case("an MCP wrapper was not made", "mcp", ask_for_wrapper, "are missing: hello", "butler mcp sync", status="warning"),
    Case("the workspace is not the agent's", "memory", own_by("root", "workspace"), "cannot be written to by the user butler",
         "chown butler: "),
    Case("a memory is a link", "memory", link_memory, "MEMORY.md is a link", "mv ", status="warning"),
)


class DoctorTest(SystemTest):
    """One simulator, one model server, and one home that each test gets a copy of."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("the installation is root's, with the system users")
        cls.folder = Path(tempfile.mkdtemp(prefix="butler-doctor-", dir="/tmp"))
        cls.folder.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.simulator = Simulator(cls.folder)
        cls.addClassCleanup(cls.simulator.close)
        cls.model = ModelServer(cls.folder)
        cls.addClassCleanup(cls.model.stop)
        cls.butler = Butler(cls.folder, cls.simulator, cls.model)
        cls.addClassCleanup(cls.butler.close)
        cls.settings = {
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_API_ROOT": cls.simulator.url,
            "TG_OWNER_IDS": str(cls.simulator.owner_id),
            "ORCH_PORT": str(cls.butler.port),
            "ORCH_GATEWAY_TOKEN": GATEWAY_SECRET,
            "ORCH_WORKER_TOKEN": WORKER_SECRET,
        } | cls.model.environment()
        cls.whole = Installation(cls.butler.home, cls.settings)
        cls.running = cls.butler.up()
        cls.report, cls.code = cls.whole.findings()
        cls.lost = cls.report_of_a_frozen_worker()
        cls.running.terminate()

    @classmethod
    def report_of_a_frozen_worker(cls) -> tuple[dict, int]:
        worker = cls.butler.pid("worker")
        os.kill(worker, signal.SIGSTOP)
        try:
            return cls.whole.findings("--only", "roles")
        finally:
            os.kill(worker, signal.SIGCONT)

    def call_bot(self, method: str, **parameters) -> net.Reply:
        return net.request("POST", f"{self.simulator.url}/bot{BOT_TOKEN}/{method}", parameters, timeout=60)

    def serve(self, handler: type) -> str:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def copy(self) -> Installation:
        home = Path(tempfile.mkdtemp(prefix="home-", dir=self.folder)) / "home"
        home.parent.chmod(0o711)
        subprocess.run(["cp", "-a", self.butler.home, home], check=True)
        return Installation(home, self.settings)

    def test_a_healthy_installation_that_runs_is_well(self):
        wrong = [one for one in self.report["findings"] if one["status"] in ("warning", "broken")]
        self.assertEqual(wrong, [])
        self.assertEqual((self.report["ok"], self.code), (True, 0))
        skipped = {one["check"] for one in self.report["findings"] if one["status"] == "skipped"}
        self.assertLessEqual(skipped, {"pollers", "provider"})
        words = json.dumps(self.report)
        for secret in SECRETS:
            self.assertNotIn(secret, words)

    def test_a_frozen_worker_is_named_with_its_process(self):
        report, code = self.lost
        self.assertEqual(code, 2)
        found = [one for one in report["findings"] if one["status"] == "broken"]
        self.assertIn("The worker (process ", found[0]["is"])
        self.assertIn("kill -TERM ", found[0]["mend"])

    def test_offline_leaves_the_network_alone(self):
        before = len(self.simulator.journal("bot"))
        report, code = self.copy().findings("--offline", "--only", "telegram,clock,disk")
        told = {one["check"]: one["status"] for one in report["findings"]}
        self.assertEqual((told, code), ({"telegram": "skipped", "clock": "skipped", "disk": "ok"}, 0))
        self.assertEqual(len(self.simulator.journal("bot")), before)

    def test_the_checks_can_be_listed_and_chosen(self):
        it = self.copy()
        listed = [one["name"] for one in json.loads(it.doctor("--list", "--json").stdout)]
        self.assertLessEqual({case.check for case in CASES}, set(listed))
        self.assertEqual(it.doctor("--only", "everything").returncode, 2)
        self.assertEqual(it.doctor("--only", "disk").stdout.count("\n"), 2)

    def test_the_poll_confirms_no_update(self):
        self.simulator.send_text("hello")
        report, _ = self.copy().findings("--only", "pollers")
        self.assertEqual(report["findings"][0]["status"], "ok", report)
        waiting = self.call_bot("getUpdates").json["result"]
        self.assertEqual([update["message"]["text"] for update in waiting], ["hello"])
        self.call_bot("getUpdates", offset=waiting[-1]["update_id"] + 1)

    def test_a_look_at_a_database_leaves_nothing_behind(self):
        it = self.copy()
        before = sorted(path.name for path in it.home.iterdir())
        content = (it.home / "state.db").read_bytes()
        it.findings("--only", "databases")
        self.assertEqual(sorted(path.name for path in it.home.iterdir()), before)
        self.assertEqual((it.home / "state.db").read_bytes(), content)

    def test_fix_mends_and_says_what_it_did(self):
        it = self.copy()
        (it.home / ".env").chmod(0o640)
        done = it.doctor("--fix", "--only", "permissions")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"mended: +permissions: The mode of .*\.env is now 0600\.")


def add_case(case: Case) -> None:
    def test(self: DoctorTest):
        it = self.copy()
        case.breaks(self, it)
        report, code = it.findings("--only", case.check)
        found = [one for one in report["findings"] if one["status"] in ("warning", "broken")]
        self.assertEqual(len(found), 1, report)
        self.assertEqual((found[0]["check"], found[0]["status"]), (case.check, case.status), found)
        self.assertEqual(code, {"warning": 1, "broken": 2}[case.status])
        self.assertIn(case.says, found[0]["is"])
        self.assertTrue(found[0]["shouldBe"].endswith("."), found)
        self.assertIn(case.mend, found[0]["mend"])
        taken = subprocess.run(["bash", "-n", "-c", found[0]["mend"]], capture_output=True, text=True, check=False)
        self.assertEqual((taken.returncode, taken.stderr), (0, ""), found[0]["mend"])
        self.assertEqual(found[0]["fixable"], case.fixed)
        words = json.dumps(report)
        for secret in SECRETS:
            self.assertNotIn(secret, words)
        if case.check in SLOW:
            return
        after, code = it.findings("--fix", "--only", case.check)
        self.assertEqual((code == 0, bool(after["fixed"])), (case.fixed, case.fixed), after)

    name = re.sub(r"\W+", "_", f"test_it_is_named_when_{case.what}")
    setattr(DoctorTest, name, test)


for one_case in CASES:
    add_case(one_case)


if __name__ == "__main__":
    unittest.main()
