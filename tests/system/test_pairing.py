"""How people get in, and out again: codes, deep links, invitations, /unpair."""

import sqlite3
import unittest

from support.people import ANNA, BOB, PeopleTest, code_in
from support.wait import until


class Pairing(PeopleTest):
    def test_a_stranger_gets_a_code_and_the_owner_lets_them_in_with_it(self):
        self.start()
        hello = self.say("hello?", ANNA)
        code = code_in(hello)
        self.assertIn(str(ANNA), hello)
        told = self.simulator.wait_for_reply(code)[0]["text"]
        self.assertIn("Anna", told)
        self.assertIn(str(ANNA), told)
        self.assertIn(f"/approvepair {code}", told)
        self.assertIn(f"https://t.me/butler_bot?start={code}", told)

        self.assertIn("Anna", self.say(f"/approvepair {code.lower().replace('-', '')}"))
        self.simulator.wait_for_reply("Welcome, Anna", chat=ANNA)
        self.say("water the plants", ANNA, contains="You said: water the plants")
        self.assertEqual(self.prompts(), ["water the plants"], "what a stranger says is no task")

    def test_an_owner_lets_somebody_in_by_opening_the_link(self):
        self.start()
        code = self.ask_to_be_let_in(ANNA)
        self.simulator.wait_for_reply(code)
        self.assertIn("Anna", self.open_link(code, self.owner))
        self.simulator.wait_for_reply("You are in", chat=ANNA)

    def test_nobody_approves_themselves_and_no_code_works_twice(self):
        self.start()
        code = self.ask_to_be_let_in(ANNA)
        self.assertIn("owner", self.open_link(code, ANNA))
        self.assertIn("not good", self.open_link(code, BOB))
        self.butler.wait_until_sent()  # the owner is told of the code, too
        self.assertIn("is in", self.open_link(code, self.owner))
        self.assertIn("not good", self.say(f"/approvepair {code}", contains="not good"))
        self.assertIn("not good", self.open_link(code, BOB))

    def test_every_owner_is_told_and_whoever_is_faster_lets_them_in(self):
        self.start(TG_OWNER_IDS=f"{self.owner},{BOB}")
        code = self.ask_to_be_let_in(ANNA)
        self.simulator.wait_for_reply(code)
        self.simulator.wait_for_reply(code, chat=BOB)
        self.say(f"/approvepair {code}", BOB, contains="is in")
        self.simulator.wait_for_reply("Anna (id 4242) is in")

    def test_a_stranger_who_goes_on_writing_gets_three_codes_at_most_and_then_silence(self):
        self.start()
        self.say("hello?", ANNA)
        for text in ("hello??", "I said hello", "/help", "/task tidy up", "/approvepair AAAA-AAAA"):
            self.simulator.send_text(text, chat=ANNA, user=ANNA)
        self.settle()
        self.assertEqual(len(self.texts(ANNA)), 1)
        for _ in range(4):
            self.simulator.send_text("/start", chat=ANNA, user=ANNA)
        self.settle()
        codes = {code_in(text) for text in self.texts(ANNA)}
        self.assertEqual(len(codes), 3)
        self.assertEqual(len(self.texts(self.owner)), 3, "the owner hears of each code once")
        self.assertEqual(self.prompts(), [])

    def test_the_list_shows_who_waits_and_who_is_in(self):
        self.start()
        self.assertIn("Nobody is waiting", self.say("/pairings"))
        self.let_in(BOB)
        code = self.ask_to_be_let_in(ANNA)
        shown = self.say("/pairings", contains="Waiting")
        self.assertRegex(shown, rf"Anna \(id {ANNA}\) · for \d+ (s|min) · /approvepair {code}")
        self.assertRegex(shown, rf"Bob \(id {BOB}\) · for \d+ (s|min), by {self.owner} · /unpair {BOB}")

    def test_a_group_never_sees_a_code_and_nobody_is_let_in_there(self):
        self.start()
        group = self.simulator.add_group(ANNA)
        code = self.ask_to_be_let_in(ANNA)
        answer = self.say(f"/approvepair {code}", chat=group)
        self.assertIn("private chat", answer)
        self.assertIn("private chat", self.say("/pairings", chat=group))
        self.assertIn("private chat", self.say("/pairings invite", chat=group))
        self.simulator.send_text(f"/start {code}", chat=group, user=ANNA)
        self.settle()
        self.assertFalse([text for text in self.texts(group) if code in text])
        self.assertEqual(len(self.texts(group)), 3, "a stranger in a group gets silence")
        self.assertIn("Nobody is paired", self.say("/pairings"))

    def test_an_invitation_lets_in_whoever_opens_it_first(self):
        self.start()
        code = code_in(self.say("/pairings invite", contains="t.me/butler_bot?start="))
        self.assertIn("once", self.open_link(code, self.owner), "the owner does not use it up")
        self.assertIn("Welcome, Anna", self.open_link(code, ANNA))
        self.simulator.wait_for_reply("used an invitation")
        self.assertIn("not good", self.open_link(code, BOB))
        self.say("hello", ANNA, contains="You said: hello")

    def test_guessing_invitations_ends_after_five_tries_whatever_is_restarted(self):
        self.start()
        code = code_in(self.say("/pairings invite", contains="t.me/butler_bot?start="))
        for number in range(4):
            self.assertIn("not good", self.open_link(f"AAAA-AAA{number}", ANNA))
        self.butler.wait_until_sent()
        old = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", old)
        self.simulator.advance(10)  # a new process does not know what the old one sent just before
        self.assertIn("not good", self.open_link("AAAA-AAA9", ANNA))
        self.assertIn("too many", self.open_link(code, ANNA), "even a good one is not looked at")
        self.simulator.do("open_deeplink", user=ANNA, payload=code)
        self.settle()
        self.assertIn("Nobody is paired", self.say("/pairings"))
        self.assertIn("Welcome, Bob", self.open_link(code, BOB), "others are not kept out by that")

    def test_a_code_survives_a_restart_and_ends_after_an_hour(self):
        self.start()
        code = self.ask_to_be_let_in(ANNA)
        other = self.ask_to_be_let_in(BOB)
        self.butler.wait_until_sent()
        old = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", old)
        self.assertIn("is in", self.say(f"/approvepair {code}"))
        self.make_older("pairing_codes", "expires_at", 3600)
        self.assertIn("not good", self.say(f"/approvepair {other}"))

    def test_when_twenty_wait_the_next_is_told_that_we_are_full(self):
        self.start()
        people = [self.simulator.add_user(5000 + number, f"P{number}") for number in range(20)]
        for person in people:
            self.simulator.send_text("hello", chat=person, user=person)
        until(lambda: self.rows("pairing_codes") == 20, "twenty codes")
        self.assertIn("too many people", self.say("hello", ANNA))
        self.simulator.send_text("hello?", chat=ANNA, user=ANNA)
        self.settle()
        self.assertEqual(len(self.texts(ANNA)), 1)

    def settle(self) -> None:
        """Until what people wrote has been read, and all that the bot has to say of it was said."""
        self.simulator.wait_for_silence()
        self.butler.wait_until_sent()
        self.simulator.wait_for_silence()

    def make_older(self, table: str, column: str, seconds: int) -> None:
        """Moves what the gateway remembers into the past, as if so much time had gone by."""
        with sqlite3.connect(self.butler.home / "gateway.db", timeout=10) as database:
            database.execute(f"UPDATE {table} SET created_at = created_at - ?1, {column} = {column} - ?1", (seconds * 1000,))

    def rows(self, table: str) -> int:
        with sqlite3.connect(self.butler.home / "gateway.db", timeout=10) as database:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


class Unpairing(PeopleTest):
    def test_whoever_is_unpaired_is_a_stranger_again_and_their_jobs_are_stopped(self):
        self.start(PI_MOCK_STEP_MS="60000")
        self.let_in(ANNA)
        self.simulator.send_text("count to a million", chat=ANNA, user=ANNA)
        job = until(lambda: next(iter(self.butler.jobs(status="running")), None), "the job to run")
        self.butler.wait_until_sent()
        self.say(f"/unpair {ANNA}", contains="stopped")
        self.assertEqual(self.butler.wait_for_job(job["id"])["status"], "aborted")
        self.simulator.wait_for_reply("topped", chat=ANNA)
        self.say("and now?", ANNA, contains="don't know you")
        self.say(f"/unpair {ANNA}", contains="not paired")  # the owner hears of her question, too

    def test_unpair_names_its_person_by_number_only(self):
        self.start(TG_ALLOW_FROM=str(BOB))
        self.let_in(ANNA)
        self.assertIn("/unpair 4242", self.say("/unpair"))
        self.assertIn("/unpair 4242", self.say("/unpair @anna"))
        self.assertIn("TG_ALLOW_FROM", self.say(f"/unpair {BOB}"))
        self.say("hello", BOB, contains="You said: hello")


class Configuration(PeopleTest):
    def test_people_named_by_the_configuration_need_no_pairing(self):
        self.start(TG_ALLOW_FROM=str(ANNA))
        self.say("hello", ANNA, contains="You said: hello")
        self.assertIn("let in", self.say("/whoami", ANNA))

    def test_a_removed_owner_is_a_stranger_at_the_next_start_and_paired_people_stay(self):
        self.start(TG_OWNER_IDS=f"{self.owner},{BOB}")
        self.let_in(ANNA)
        invitation = code_in(self.say("/pairings invite", BOB, contains="start="))
        self.simulator.send_text("/run echo mine", chat=BOB, user=BOB)
        self.simulator.wait_for_reply("/approve", chat=BOB)
        until(lambda: "panic" in self.simulator.commands_shown(BOB, BOB), "the menu to be an owner's")
        self.butler.wait_until_sent()
        self.butler.close()

        self.start(TG_OWNER_IDS=str(self.owner))
        self.say("/approve", BOB, contains="don't know you")
        self.say("hello", ANNA, contains="You said: hello")
        self.assertEqual(self.butler.jobs(requesterId=BOB)[0]["status"], "needs_approval")
        self.simulator.add_user(4444, "Carl")
        self.assertIn("not good", self.open_link(invitation, 4444), "what a former owner gave away is worth nothing")
        until(lambda: "panic" not in self.simulator.commands_shown(BOB, BOB), "the menu to be a person's")

    def test_an_owner_who_is_also_paired_and_allowed_is_an_owner(self):
        self.start(TG_ALLOW_FROM=str(self.owner))
        self.assertIn("You are an owner", self.say("/whoami"))


if __name__ == "__main__":
    unittest.main()
