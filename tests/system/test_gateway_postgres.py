"""The gateway's state in PostgreSQL: through kills of the gateway and of the server, and with a second one that stands by."""

import signal
import unittest

from support.butler import Butler
from support.case import SystemTest
from support.postgres import PASSWORD
from support.process import environment
from support.wait import until


class GatewayPostgres(SystemTest):
    def start(self, **variables: str) -> None:
        self.postgres = self.start_postgres()
        self.postgres.query("CREATE DATABASE chats")
        self.chats = self.postgres.url("chats")
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(
            self.simulator, ORCH_DATABASE_URL=self.postgres.url(), GATEWAY_DATABASE_URL=self.chats, **variables
        )
        self.butler.up()
        self.simulator.wait_for_polling()

    def answers(self, text: str) -> list[dict]:
        return [message for message in self.simulator.messages(sender="bot") if text in message["text"]]

    def expect_one_answer(self, text: str) -> None:
        self.simulator.wait_for_reply(text)
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.answers(text)), 1, text)

    def turns(self) -> list[list[str]]:
        return self.postgres.query("SELECT state FROM turns ORDER BY id", database="chats")

    def running_job(self) -> dict:
        return until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")

    def start_second(self) -> Butler:
        """Another machine's gateway for the same bot, database and orchestrator."""
        folder = self.scratch / "second"
        folder.mkdir()
        folder.chmod(0o711)
        second = Butler(folder, self.simulator, None, GATEWAY_DATABASE_URL=self.chats)
        self.addCleanup(second.close)
        second.url = self.butler.url
        second.start("gateway")
        return second

    def test_a_kill_of_the_gateway_loses_and_doubles_nothing_and_no_other_role_knows_its_database(self):
        self.start(PI_MOCK_STEP_MS="1000")
        self.simulator.send_text("survive the gateway")
        self.running_job()
        old = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", old)
        self.expect_one_answer("survive the gateway")
        self.assertFalse((self.butler.home / "gateway.db").exists())
        until(lambda: self.turns() == [["answered"]], "the turn to be known as answered")
        for role in ("orchestrator", "worker"):
            known = environment(self.butler.pid(role))
            self.assertNotIn("GATEWAY_DATABASE_URL", known, role)
            self.assertNotIn(self.chats, known.values(), role)
        known = environment(self.butler.pid("gateway"))
        self.assertEqual(known.get("GATEWAY_DATABASE_URL"), self.chats)
        self.assertNotIn("ORCH_DATABASE_URL", known)
        self.assertNotIn(PASSWORD, "\n".join(self.butler.lines("gateway")))

    def test_a_server_that_starts_again_in_mid_job_loses_and_doubles_nothing(self):
        self.start(PI_MOCK_STEP_MS="2000")
        self.simulator.send_text("survive the server")
        self.running_job()
        old = self.butler.pid("gateway")
        self.postgres.kill()
        self.simulator.send_text("said meanwhile")  # which makes it look: a gateway that has nothing to write notices nothing
        self.butler.wait_for_log("gateway", r"event=task\.fault .*(PostgreSQL|database)")
        self.postgres.start()
        self.butler.wait_for_restart("gateway", old)
        self.expect_one_answer("survive the server")
        self.expect_one_answer("said meanwhile")

    def test_a_second_gateway_stands_by_and_takes_over(self):
        self.start()
        self.simulator.send_text("first")
        self.expect_one_answer("first")
        second = self.start_second()
        line = second.wait_for_log("gateway", r"event=gateway\.standby")
        self.assertRegex(line, r"butler-gateway-[0-9a-f]{8} from its own machine since")
        health = second.administer("gateway", "GET", "/health").json
        self.assertTrue(health["ok"] and health["standby"], health)
        self.simulator.send_text("second")
        self.expect_one_answer("second")

        self.butler.signal("up", signal.SIGSTOP)  # who would start the first one again
        self.butler.kill("gateway")
        second.wait_for_log("gateway", r"event=gateway\.took_over")
        self.simulator.send_text("third")
        self.expect_one_answer("third")
        self.butler.signal("up", signal.SIGCONT)
        self.butler.wait_for_log("gateway", r"event=gateway\.standby")
        self.simulator.send_text("fourth")
        self.expect_one_answer("fourth")
        until(lambda: self.turns() == [["answered"]] * 4, "all turns to be known as answered")


if __name__ == "__main__":
    unittest.main()
