"""Several people in one test: the owner, somebody else, and how they get in."""

import re

from .case import SystemTest
from .simulator import Simulator

ANNA, BOB = 4242, 4343
CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")


class PeopleTest(SystemTest):
    """A simulator with the owner Ada (1001), Anna and Bob; Butler is not started yet."""

    def setUp(self):
        self.simulator: Simulator = self.start_simulator()
        self.owner = self.simulator.owner_id
        self.simulator.add_user(ANNA, "Anna")
        self.simulator.add_user(BOB, "Bob")
        self.butler = self.make_butler(self.simulator)

    def start(self, **environment: str) -> None:
        self.butler.environment |= environment
        self.butler.up()
        self.simulator.wait_for_polling()

    def say(self, text: str, person: int | None = None, chat: int | None = None, contains: str | None = None) -> str:
        """Writes as this person (the owner) in this chat (their private one); the text of the bot's next message there
        (that contains this)."""
        person = person or self.owner
        chat = chat or person
        sent = self.simulator.send_text(text, chat=chat, user=person)
        return self.simulator.wait_for_reply(contains, after=sent, chat=chat)[0]["text"]

    def open_link(self, payload: str, person: int) -> str:
        """Follows t.me/<bot>?start=<payload>; the text of the bot's answer."""
        sent = self.simulator.do("open_deeplink", user=person, payload=payload)["message_id"]
        return self.simulator.wait_for_reply(after=sent, chat=person)[0]["text"]

    def last_message(self, chat: int) -> int:
        """The newest message's id; 0 when there is none."""
        return max((message["message_id"] for message in self.simulator.messages(chat)), default=0)

    def ask_to_be_let_in(self, person: int) -> str:
        """Writes for the first time; the code."""
        return code_in(self.say("/start", person, contains="code"))

    def let_in(self, person: int) -> None:
        """Pairs somebody, as the owner does it."""
        code = self.ask_to_be_let_in(person)
        self.say(f"/approvepair {code}", contains="is in")
        self.simulator.wait_for_reply("You are in", chat=person)

    def texts(self, chat: int) -> list[str]:
        return [message["text"] for message in self.simulator.messages(chat, "bot")]

    def prompts(self) -> list[str]:
        return [job["prompt"] for job in reversed(self.butler.jobs())]


def code_in(text: str) -> str:
    found = CODE.search(text)
    assert found, f"no code in: {text}"
    return found.group()
