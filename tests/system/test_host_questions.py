"""Hosts that are not listed: a person is asked in the chat, and what they say is what holds. With the real pi, in a network
of the test's own (support/own_network.py)."""

import json
import os
import shutil
import unittest

from support import own_network
from support.butler import ROLES
from support.case import SystemTest
from support.host import Host
from support.model_server import call_then_say
from support.process import alive
from support.wait import until

NAMES = {
    "news.example.net": own_network.PUBLIC,
    "listed.example.net": own_network.PUBLIC,
    "inside.example.net": "10.0.0.1",
    "metadata.example.net": "169.254.169.254",
}


class HostQuestions(SystemTest):
    def setUp(self):
        self.host = Host(self.scratch, own_network.PUBLIC)
        self.addCleanup(self.host.close)
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model, TG_ONLY_AGENT_OUTPUT="false", TG_NOTIFY_TOOL_EVENTS="true")
        self.policy()

    # ---- what a test says ----------------------------------------------------------------------------

    def policy(self, *rules: dict, **members) -> None:
        """Tools start without a question: what is looked at here is the network."""
        folder = self.butler.home / "config"
        folder.mkdir(mode=0o755, exist_ok=True)
        tools = {"name": "tools", "verdict": "allow", "tools": ["bash"]}
        (folder / "policy.json").write_text(json.dumps({"rules": [tools, *rules]} | members))
        if os.geteuid() == 0:
            for path in (folder, folder / "policy.json"):
                shutil.chown(path, "root", "root")

    def url(self, name: str, path: str = "") -> str:
        return f"https://{name}:{self.host.port}/{path}"

    def fetch(self, *urls: str) -> str:
        """A command that leaves in out.txt what comes from there."""
        return f"{{ {'; '.join(f'curl -sSk {url} 2>&1 || true; echo' for url in urls)}; }} | tee out.txt"

    def agent_fetches(self, *urls: str) -> int:
        """The agent is asked to; the message's id."""
        self.model.reset()
        self.model.script(*call_then_say("bash", {"command": self.fetch(*urls)}, "That is all.", when="fetch"))
        return self.simulator.send_text("fetch it")

    def question(self, after: int, name: str) -> str:
        """What the chat is asked for the host."""
        text = self.simulator.wait_for_reply(f"connection to?\n\n{name}:", after=after)[0]["text"]
        self.butler.wait_until_sent()
        return text

    def answer(self, after: int, text: str) -> None:
        said = self.simulator.send_text(text)
        self.simulator.wait_for_reply("Denied" if text.startswith("/deny") else "Allowed", after=said)
        self.ended(after)

    def ended(self, after: int) -> str:
        """What the command has got, once the job is over."""
        self.simulator.wait_for_reply("That is all.", after=after)
        return self.out()

    def out(self) -> str:
        return (self.butler.workspace / "out.txt").read_text()

    def notices(self, after: int = 0) -> list[str]:
        return [message["text"] for message in self.simulator.messages(sender="bot")
                if message["message_id"] > after and message["text"].startswith(("Not started", "Not connected"))]

    def asked(self) -> int:
        return sum("May I" in message["text"] for message in self.simulator.messages(sender="bot"))

    def job_log(self) -> list[str]:
        return [event["message"] for event in self.butler.events(self.butler.jobs()[0]["id"]) if event["type"] == "log"]

    def restart(self) -> None:
        pids = [self.butler.pid(role) for role in ROLES]
        self.butler.processes[-1].terminate()
        until(lambda: not any(alive(pid) for pid in pids), "everything to be gone")
        self.butler.up()


class Agents(HostQuestions):
    def test_once_lets_this_job_through_and_no_other(self):
        self.butler.up()
        sent = self.agent_fetches(self.url("news.example.net", "a"), self.url("news.example.net", "b"))
        text = self.question(sent, "news.example.net")
        self.assertIn(str(self.host.port), text)
        self.assertEqual(self.host.requests, [], "nothing is dialled before the answer")
        self.answer(sent, "/approve")
        self.assertEqual(self.out().split(), ["from", "a", "host"] * 2)
        self.assertEqual(self.asked(), 1, "once for the job")

        again = self.agent_fetches(self.url("news.example.net", "c"))
        self.question(again, "news.example.net")
        self.answer(again, "/deny not that one")
        self.assertIn("403", self.out())
        self.assertIn("not that one", str(self.butler.events(self.butler.jobs()[0]["id"])))
        self.assertEqual(len(self.host.requests), 2)
        self.assertEqual(self.notices(), [], "who said no need not be told")

    def test_session_lasts_for_the_session_and_always_over_a_restart_of_everything(self):
        self.butler.up()
        sent = self.agent_fetches(self.url("news.example.net", "a"))
        self.question(sent, "news.example.net")
        self.answer(sent, "/approve session")
        sent = self.agent_fetches(self.url("news.example.net", "b"))
        self.assertIn("from a host", self.ended(sent))
        self.assertEqual(self.asked(), 1)

        said = self.simulator.send_text("/new")
        self.simulator.wait_for_reply(after=said)
        sent = self.agent_fetches(self.url("news.example.net", "c"))
        self.question(sent, "news.example.net")
        self.answer(sent, "/approve always")
        self.restart()
        sent = self.agent_fetches(self.url("news.example.net", "d"))
        self.assertIn("from a host", self.ended(sent))
        self.assertEqual(self.asked(), 2)
        self.assertEqual([line.split()[1] for line in self.host.requests], ["/a", "/b", "/c", "/d"])

    def test_listed_hosts_are_reached_unasked_and_private_ones_never(self):
        self.policy(hosts={"owners": [f"listed.example.net:{self.host.port}"]})
        self.butler.up()
        sent = self.agent_fetches(self.url("listed.example.net", "a"))
        self.assertIn("from a host", self.ended(sent))
        self.assertEqual(self.asked(), 0)
        for name in ("inside.example.net", "metadata.example.net"):
            sent = self.agent_fetches(self.url(name))
            self.question(sent, name)
            self.answer(sent, "/approve always")
            self.assertIn("403", self.out())
            self.assertIn(f"{name} leads to {NAMES[name]}", "\n".join(self.job_log()))
        self.assertEqual(len(self.host.requests), 1)

    def test_what_the_rules_refuse_is_told_once_each(self):
        self.policy({"name": "no-news", "verdict": "deny", "tools": ["network"], "hosts": ["news.example.net"]},
                    {"name": "no-touch", "verdict": "deny", "commands": ["touch"]})
        self.butler.up()
        sent = self.agent_fetches(self.url("news.example.net"), self.url("news.example.net"), "https://169.254.169.254/")
        self.ended(sent)
        self.simulator.wait_for_reply("169.254.169.254", after=sent)
        self.model.reset()
        self.model.script(*call_then_say("bash", {"command": "touch made.txt"}, "I may not.", when="touch"))
        sent = self.simulator.send_text("touch it")
        self.simulator.wait_for_reply("I may not.", after=sent)
        self.simulator.wait_for_reply("Not started", after=sent)
        self.simulator.wait_for_silence(1.2)  # longer than the pause between two messages
        told = self.notices()
        self.assertEqual(len(told), 3, told)
        self.assertTrue(told[0].startswith(f"Not connected to news.example.net:{self.host.port}. Rule global/no-news"), told)
        self.assertTrue(told[1].startswith("Not connected to 169.254.169.254:443: "), told)
        self.assertTrue(told[2].startswith("Not started: bash: touch made.txt. Rule global/no-touch"), told)
        self.assertEqual(len(self.job_log()), 1)


class Commands(HostQuestions):
    """The same for /run, which has no model."""

    def run_approved(self, command: str) -> int:
        sent = self.simulator.send_text(f"/run {command}")
        self.simulator.wait_for_reply("/approve", after=sent)
        self.butler.wait_until_sent()
        return self.simulator.send_text("/approve")

    def test_a_command_asks_for_its_hosts(self):
        self.butler.up()
        sent = self.run_approved(f"curl -sSk {self.url('news.example.net', 'a')}")
        self.question(sent, "news.example.net")
        self.simulator.send_text("/approve session")
        self.simulator.wait_for_reply("from a host", after=sent)
        sent = self.run_approved(f"curl -sSk {self.url('news.example.net', 'b')}")
        self.simulator.wait_for_reply("from a host", after=sent)
        self.assertEqual(self.asked(), 1)

    def test_a_no_reaches_the_command_and_an_abort_ends_the_question(self):
        self.butler.up()
        sent = self.run_approved(f"curl -sSk {self.url('news.example.net')} || echo it went on")
        self.question(sent, "news.example.net")
        said = self.simulator.send_text("/deny not today")
        self.simulator.wait_for_reply("it went on", after=said)
        sent = self.run_approved(f"curl -sSk {self.url('news.example.net')}")
        self.question(sent, "news.example.net")
        self.simulator.send_text("/abort")
        job = self.butler.wait_for_job(self.butler.jobs()[0]["id"])
        self.assertEqual(job["status"], "aborted")
        self.assertEqual(self.host.requests, [])


if __name__ == "__main__":
    own_network.enter(NAMES)
    unittest.main()
