import random
import unittest

from telegram_simulator.entities import ATOMS, QUOTES, format_text
from telegram_simulator.errors import BotApiError
from telegram_simulator.text_detection import find_entities
from telegram_simulator.utf16 import slice_units, units

KINDS = ("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "text_link", "blockquote",
         "expandable_blockquote", "custom_emoji", "text_mention")


def found(text):
    return [(kind, text[begin:end]) for kind, begin, end in find_entities(text)]


class Legalising(unittest.TestCase):
    def test_whatever_is_given_the_result_nests_properly(self):
        chance = random.Random(3)
        for _ in range(1500):
            text = "".join(chance.choice("ab \n\t😀é./@#\r\u202e") for _ in range(chance.randint(1, 30)))
            entities = []
            for _ in range(chance.randint(0, 7)):
                offset = chance.randint(0, units(text) - 1)
                kind = chance.choice(KINDS)
                entities.append({"type": kind, "offset": offset, "length": chance.randint(1, units(text) - offset),
                                 **({"url": "https://a.org"} if kind == "text_link" else {})})
            try:
                result = format_text(text, entities, allow_empty=True)
            except BotApiError:  # an entity that cuts a surrogate pair in two
                continue
            spans = [(e["type"], e["offset"], e["offset"] + e["length"]) for e in result.entities]
            for index, one in enumerate(spans):
                self.assertTrue(slice_units(result.text, one[1], one[2] - one[1]).strip(), (text, entities))
                for other in spans[index + 1:]:
                    self.check_pair(one, other, (text, entities, spans))

    def check_pair(self, one, other, context):
        if one[2] <= other[1] or other[2] <= one[1]:
            return
        holds = one[1] <= other[1] and other[2] <= one[2]
        held = other[1] <= one[1] and one[2] <= other[2]
        self.assertTrue(holds or held, context)
        self.assertNotEqual(one[0], other[0], context)
        for atom, outer in ((one, other), (other, one)):
            if atom[0] in ATOMS:
                self.assertIn(outer[0], QUOTES, context)
                self.assertTrue(outer[1] <= atom[1] and atom[2] <= outer[2], context)

    def test_styles_that_cross_are_cut_at_the_border(self):
        result = format_text("abcdefgh", [{"type": "bold", "offset": 0, "length": 5},
                                          {"type": "italic", "offset": 3, "length": 5}])
        self.assertEqual([(e["type"], e["offset"], e["length"]) for e in result.entities],
                         [("bold", 0, 5), ("italic", 3, 2), ("italic", 5, 3)])
        self.assertTrue(result.repaired)


class Detection(unittest.TestCase):
    def test_commands_stand_alone(self):
        self.assertEqual(found("/start@abc, a/b <b>/x</b> (/help)"), [("bot_command", "/start@abc"), ("bot_command", "/help")])

    def test_file_names_with_a_country_for_an_ending_are_links(self):
        self.assertEqual(found("main.py and notes.txt"), [("url", "main.py")])

    def test_punctuation_at_the_end_is_not_part_of_a_link(self):
        self.assertEqual(found("See https://a.io/x?y=1, (http://b.io/q(r))."),
                         [("url", "https://a.io/x?y=1"), ("url", "http://b.io/q(r)")])

    def test_long_hostile_texts_are_read_in_no_time(self):
        for piece in ("a", "a.", "a-", "@", "a@", "#a", "/a", "http://", "https://a.com/(", "a_"):
            find_entities((piece * 4096)[:4096])


if __name__ == "__main__":
    unittest.main()
