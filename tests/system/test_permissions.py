"""Who may do what: /run and its approval, jobs of others, groups, the commands each role is shown."""

import contextlib
import sqlite3
import unittest

from support.people import ANNA, BOB, PeopleTest
from support.wait import until


class Running(PeopleTest):
    def test_only_owners_run_commands_unless_the_configuration_lets_people(self):
        self.start(TG_ALLOW_FROM=str(ANNA))
        self.assertIn("Only my owner", self.say("/run id", ANNA))
        self.assertEqual(self.butler.jobs(), [])

    def test_an_owner_decides_about_a_persons_command_in_their_own_chat(self):
        self.start(TG_ALLOW_FROM=str(ANNA), TG_RUN_OWNER_ONLY="false")
        asked = self.say("/run echo from anna", ANNA, contains="echo from anna")
        self.assertIn("owner has to approve", asked)
        self.assertNotIn("/approve", asked)
        told = self.simulator.wait_for_reply("echo from anna")[0]["text"]
        self.assertIn("Anna (id 4242) wants to run a command", told)
        self.assertIn("/approve", told)
        self.assertIn("Only my owner", self.say("/approve", ANNA))
        self.assertIn("Only my owner", self.say("/deny", ANNA))
        self.assertEqual(self.butler.jobs()[0]["status"], "needs_approval")

        before = self.last_message(ANNA)
        self.assertIn("Approved", self.say("/approve"))
        self.simulator.wait_for_reply("echo from anna", after=before, chat=ANNA)
        self.butler.wait_for_job(self.butler.jobs()[0]["id"], "completed")

    def test_an_owner_denies_a_persons_command_and_both_hear_of_it(self):
        self.start(TG_ALLOW_FROM=str(ANNA), TG_RUN_OWNER_ONLY="false")
        self.say("/run rm -rf .", ANNA, contains="owner has to approve")
        told = self.simulator.wait_for_reply("/deny")[0]["text"]
        short_id = told.split("/deny ")[1].split()[0]
        self.assertIn(f"Denied {short_id}", self.say(f"/deny {short_id}"))
        self.simulator.wait_for_reply("Denied. It did not run.", chat=ANNA)
        self.assertEqual(self.butler.jobs()[0]["attempt"], 0)

    def test_a_person_takes_back_a_command_that_waits(self):
        self.start(TG_ALLOW_FROM=str(ANNA), TG_RUN_OWNER_ONLY="false")
        self.say("/run reboot", ANNA, contains="/abort")
        self.say("/abort", ANNA, contains="topped")
        self.assertEqual(self.butler.jobs()[0]["status"], "aborted")
        self.say("/approve", contains="Nothing is waiting")

    def test_people_approve_their_own_commands_only_if_the_configuration_says_so(self):
        self.start(TG_ALLOW_FROM=f"{ANNA},{BOB}", TG_RUN_OWNER_ONLY="false", TG_APPROVE_OWNER_ONLY="false")
        told = self.say("/run echo mine", ANNA, contains="/approve")
        short_id = told.split("/approve ")[1].split()[0]
        self.assertIn("no job", self.say(f"/approve {short_id}", BOB))
        self.say("/approve", ANNA, contains="echo mine")
        self.butler.wait_for_job(self.butler.jobs()[0]["id"], "completed")
        self.assertEqual(self.texts(self.owner), [], "the owner is not asked then")

    def test_what_another_owner_wants_approved_is_not_meant_by_a_bare_approve(self):
        self.start(TG_OWNER_IDS=f"{self.owner},{ANNA}")
        told = self.say("/run echo hers", ANNA, contains="/approve")
        self.say("/approve", contains="Nothing is waiting")  # it was not shown here
        short_id = told.split("/approve ")[1].split()[0]
        self.assertIn("Approved", self.say(f"/approve {short_id}"), "an owner who names it may")


class JobsOfOthers(PeopleTest):
    def setUp(self):
        super().setUp()
        self.start(TG_ALLOW_FROM=f"{ANNA},{BOB}", PI_MOCK_STEP_MS="60000")
        self.simulator.send_text("annas secret plan", chat=ANNA, user=ANNA)
        self.job = until(lambda: next(iter(self.butler.jobs(status="running")), None), "the job to run")
        self.short_id = self.short_id_in(self.say("/status", ANNA, contains="annas secret plan"))

    def short_id_in(self, status: str) -> str:
        return next(line for line in status.split("\n") if "·" in line).split(" ")[0]

    def test_people_see_and_stop_only_their_own_jobs(self):
        self.assertIn("Nothing", self.say("/status", BOB))
        for command in ("/status", "/abort", "/stop"):
            self.assertIn("no job", self.say(f"{command} {self.short_id}", BOB))
        self.assertIn("Nothing", self.say("/abort", BOB))
        self.assertEqual(self.butler.job(self.job["id"])["status"], "running")
        self.say("/abort", ANNA)
        self.assertEqual(self.butler.wait_for_job(self.job["id"])["status"], "aborted")

    def test_an_owner_may_name_every_job_in_private_and_only_those_of_a_group_there(self):
        group = self.simulator.add_group(ANNA, BOB)
        self.assertIn("no job", self.say(f"/status {self.short_id}", chat=group))
        self.assertIn("no job", self.say(f"/status {self.short_id}", ANNA, chat=group))
        self.assertIn("annas secret plan", self.say(f"/status {self.short_id}"))
        self.assertIn("Nothing", self.say("/status"), "without an id it is about this chat")
        self.say(f"/abort {self.short_id}", contains="topp")
        self.assertEqual(self.butler.wait_for_job(self.job["id"])["status"], "aborted")
        self.simulator.wait_for_reply("topped", chat=ANNA)

    def test_in_a_group_people_see_their_own_jobs_and_owners_all_of_them(self):
        group = self.simulator.add_group(ANNA, BOB)
        self.simulator.send_text("/task plan the party", chat=group, user=ANNA)
        until(lambda: len(self.butler.jobs()) == 2, "the job of the group")
        # The status of the job itself comes in between.
        self.say("/status", ANNA, chat=group, contains="plan the party")
        self.assertNotIn("secret", "\n".join(self.texts(group)))
        self.say("/status", BOB, chat=group, contains="Nothing")
        self.say("/abort", BOB, chat=group, contains="Nothing")
        self.say("/status", chat=group, contains="plan the party")
        self.say("/abort", chat=group, contains="topp")


class Requester(PeopleTest):
    def test_people_do_not_stop_jobs_when_the_configuration_forbids_it(self):
        self.start(TG_ALLOW_FROM=str(ANNA), TG_ALLOW_REQUESTER_ABORT="false", PI_MOCK_STEP_MS="60000")
        self.simulator.send_text("take your time", chat=ANNA, user=ANNA)
        job = until(lambda: next(iter(self.butler.jobs(status="running")), None), "the job to run")
        self.say("/abort", ANNA, contains="Only my owner")
        self.say("/stop", ANNA, contains="Only my owner")
        self.assertNotIn("/abort", self.say("/help", ANNA, contains="/status"))
        self.assertEqual(self.butler.job(job["id"])["status"], "running")

    def test_a_job_says_who_asked_for_it_and_where(self):
        self.start(TG_ALLOW_FROM=str(ANNA))
        group = self.simulator.add_group(ANNA)
        self.say("one", contains="You said: one")
        self.say("two", ANNA, contains="You said: two")
        self.say("/task three", ANNA, chat=group, contains="You said: three")
        seen = {job["prompt"]: (job["metadata"]["requesterRole"], job["metadata"]["chatType"]) for job in self.butler.jobs()}
        self.assertEqual(seen, {"one": ("owner", "private"), "two": ("person", "private"), "three": ("person", "group")})


class Roles(PeopleTest):
    def test_each_role_is_offered_what_it_may_do(self):
        self.start(TG_ALLOW_FROM=str(ANNA))
        group = self.simulator.add_group(ANNA, BOB)
        until(lambda: self.simulator.commands_shown(ANNA, ANNA), "the menu of people")
        until(lambda: "panic" in self.simulator.commands_shown(), "the owner's menu")
        until(lambda: "task" in self.simulator.commands_shown(group, BOB), "the menu of groups")
        owners, persons = self.say("/help"), self.say("/help", ANNA)
        for command in ("run", "approve", "deny", "panic", "pairings", "approvepair", "unpair"):
            self.assertIn(command, self.simulator.commands_shown())
            self.assertNotIn(command, self.simulator.commands_shown(ANNA, ANNA))
            self.assertNotIn(command, self.simulator.commands_shown(group, self.owner))
            self.assertIn(f"/{command}", owners)
            self.assertNotIn(f"/{command}", persons)
        self.assertIn("task", self.simulator.commands_shown(group, BOB))
        self.assertIn("You are an owner", self.say("/whoami"))
        self.assertIn("You are let in", self.say("/whoami", ANNA))
        self.assertIn("/pairings invite", self.say("/start"))
        self.assertNotIn("/pairings", self.say("/start", ANNA))

    def test_what_is_an_owners_is_refused_to_people_in_private_and_in_groups(self):
        self.start(TG_ALLOW_FROM=str(ANNA))
        group = self.simulator.add_group(ANNA)
        for command in ("/pairings", "/approvepair AAAA-AAAA", "/unpair 1001", "/approve", "/deny", "/run id", "/panic on"):
            self.assertIn("Only my owner", self.say(command, ANNA))
            self.assertIn("Only my owner", self.say(command, ANNA, chat=group))
            self.simulator.advance(10)
        self.assertEqual(self.butler.jobs(), [])

    def test_menus_are_told_once_and_an_owner_who_never_pressed_start_hinders_nobody(self):
        carl = self.simulator.add_user(4444, "Carl", started=False)
        self.start(TG_OWNER_IDS=f"{carl},{self.owner}")
        until(lambda: "panic" in self.simulator.commands_shown(), "the owner's menu")
        self.butler.wait_for_log("gateway", rf"telegram\.commands_not_registered scope=chat:{carl}")
        # People's, groups' and the owner's, in each of two languages.
        until(lambda: self.menus_known_as_told() == 3 * 2, "all but Carl's menus to be known as told")
        self.simulator.do("open_deeplink", user=carl)
        until(lambda: "panic" in self.simulator.commands_shown(carl, carl), "Carl's menu, once they pressed Start")
        until(lambda: self.menus_known_as_told() == 4 * 2, "the menu to be known as told in each language")
        self.say("good morning", contains="good morning")
        told = len(self.simulator.journal("bot", "setMyCommands"))
        old = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", old)
        self.simulator.wait_for_polling()
        self.say("hello", contains="hello")
        self.assertEqual(len(self.simulator.journal("bot", "setMyCommands")), told, "nothing changed, nothing is told")

    def menus_known_as_told(self) -> int:
        """What the gateway has noted, so that its next life does not tell it again."""
        with contextlib.closing(sqlite3.connect(self.butler.home / "gateway.db", timeout=10)) as database:
            return database.execute("SELECT count(*) FROM facts WHERE name LIKE 'commands:%'").fetchone()[0]


if __name__ == "__main__":
    unittest.main()
