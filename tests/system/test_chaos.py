"""SIGKILL for random roles at random moments while five chats talk: no message is lost, none is answered twice but where
a send's outcome was unknown, nothing stays `running`.

The seed is printed; BUTLER_CHAOS_SEED repeats a run, BUTLER_TEST_LONG makes it two hundred rounds.
"""

import os
import random
import threading
import unittest

from support.butler import ROLES
from support.case import SystemTest
from support.invariants import LOST, OPEN, all_jobs, unknown_sends
from support.wait import until

ROUNDS = 200 if os.environ.get("BUTLER_TEST_LONG") else 12
PEOPLE = (2001, 2002, 2003, 2004)


class Chaos(SystemTest):
    def setUp(self):
        self.seed = int(os.environ.get("BUTLER_CHAOS_SEED", random.SystemRandom().randrange(2**32)))
        self.random = random.Random(self.seed)
        print(f"chaos: {ROUNDS} rounds, seed {self.seed}", flush=True)
        self.simulator = self.start_simulator()
        for person in PEOPLE:
            self.simulator.add_user(person, f"Person {person}")
        self.chats = (self.simulator.owner_id, *PEOPLE)
        self.butler = self.make_butler(
            self.simulator, ORCH_LEASE_SECONDS="2", PI_MOCK_STEP_MS="40", WORKER_CONCURRENCY="4",
            TG_ALLOW_FROM=",".join(map(str, PEOPLE)), TG_RATE_LIMIT_PER_MIN="0")
        self.butler.start_all()
        self.said: dict[str, tuple[int, int]] = {}  # the words → chat, message id

    def test_nothing_is_lost_or_doubled_whoever_is_killed_whenever(self):
        for number in range(ROUNDS):
            self.round(number)
        self.check_jobs()
        for words, (chat, sent) in self.said.items():
            self.check_answer(words, chat, sent)

    def round(self, number: int) -> None:
        """Each chat says something while some roles are killed; ends when each has its answer."""
        victims = self.random.sample(ROLES, self.random.choice((1, 1, 1, 2, 3)))
        moments = [self.random.uniform(0, 0.35) for _ in victims]
        killers = [threading.Timer(moment, self.kill, (role,)) for role, moment in zip(victims, moments)]
        for killer in killers:
            killer.start()
        for chat in self.random.sample(self.chats, len(self.chats)):
            words = f"round {number} of {chat} [{self.seed}]"
            self.said[words] = (chat, self.simulator.send_text(words, chat=chat))
        for killer in killers:
            killer.join()
        for role in self.random.sample(victims, len(victims)):
            self.butler.start(role)
        for words in [words for words in self.said if words.startswith(f"round {number} ")]:
            chat, sent = self.said[words]
            until(lambda: self.answers(words, chat, sent), f"seed {self.seed}: an answer to '{words}'")

    def kill(self, role: str) -> None:
        self.butler.kill(role)

    def answers(self, words: str, chat: int, sent: int) -> list[dict]:
        """The final messages: the answer repeats the words; a lost job's message comes before the next words."""
        found = []
        for message in self.simulator.messages(chat):
            if message["message_id"] <= sent:
                continue
            if message["from"] == "user":
                break  # a round ends with the answers of all: what comes later is not ours
            if words in message["text"] or LOST in message["text"]:
                found.append(message)
        return found

    def check_answer(self, words: str, chat: int, sent: int) -> None:
        job = self.job_of[words]
        count = len(self.answers(words, chat, sent))
        self.assertGreaterEqual(count, 1, f"seed {self.seed}: '{words}' has no answer")
        if count > 1:
            self.assertLessEqual(count - 1, unknown_sends(self.butler.home / "gateway.db", job["id"]), f"seed {self.seed}: '{words}' was answered {count} times")
        happened = [event["type"] for event in self.butler.events(job["id"])]
        if "agent_text_delta" in happened:
            behind = happened[happened.index("agent_text_delta"):]
            self.assertNotIn("job_requeued", behind, "an attempt that acted is not repeated")

    def check_jobs(self) -> None:
        """One job for each message, all at their end."""
        jobs = all_jobs(self.butler)
        self.assertEqual(sorted(job["prompt"] for job in jobs), sorted(self.said), f"seed {self.seed}")
        self.assertEqual([job for job in jobs if job["status"] in OPEN], [], f"seed {self.seed}")
        self.job_of = {job["prompt"]: job for job in jobs}
        lost = [job for job in jobs if job["status"] == "failed"]
        self.assertEqual({job.get("error") for job in lost} - {"worker_lost"}, set(), f"seed {self.seed}")


if __name__ == "__main__":
    unittest.main()
