"""In which language Butler speaks: each person's own, as Telegram tells it, unless the configuration fixes one."""

import unittest

from support.people import PeopleTest
from support.wait import until

DORA = 5001

class Language(PeopleTest):
    def add_dora(self) -> None:
        self.simulator.do("user.create", id=DORA, name="Dora", started=True, language="de")

    def test_a_german_speaking_person_gets_german_and_the_owner_english_also_after_a_restart(self):
        self.add_dora()
        self.start(TG_ALLOW_FROM=str(DORA), TG_RUN_OWNER_ONLY="false")
        self.assertIn("Ich bin Butler", self.say("/start", DORA))
        self.assertIn("I am Butler", self.say("/start"))
        self.assertIn("Schreib mit einfachen Worten", self.say("/help", DORA))
        until(lambda: "Einen Auftrag stoppen" in self.simulator.menu(DORA).get("abort", ""), "the German menu")
        until(lambda: "Stop a job" in self.simulator.menu(self.owner).get("abort", ""), "the English menu")

        self.assertIn("muss mein Besitzer freigeben", self.say("/run echo hallo", DORA, contains="echo hallo"))
        asked = self.simulator.wait_for_reply("echo hallo")[0]["text"]
        self.assertIn("Dora (id 5001) wants to run a command", asked)
        self.butler.wait_until_sent()
        old = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", old)
        self.simulator.wait_for_polling()
        self.say(f"/deny {asked.split('/deny ')[1].split()[0]}", contains="Denied")
        self.simulator.wait_for_reply("Abgelehnt. Es ist nicht gelaufen.", chat=DORA)

    def test_the_configuration_overrides_what_people_speak(self):
        self.add_dora()
        self.start(TG_ALLOW_FROM=str(DORA), TG_LANGUAGE="en")
        self.assertIn("I am Butler", self.say("/start", DORA))
        until(lambda: "Stop a job" in self.simulator.menu(DORA).get("abort", ""), "the English menu")
        self.assertIn("Only my owner", self.say("/run id", DORA))

if __name__ == "__main__":
    unittest.main()
