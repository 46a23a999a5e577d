"""docs/operations.md names every event that the program logs."""

import re
import unittest
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CALL = re.compile(r'(?:log::(?:debug|info|warn|error)|log_part)\(\s*"([a-z_.]+)"')


class DocumentedEvents(unittest.TestCase):
    def test_every_logged_event_is_in_the_operations_guide(self):
        guide = (CHECKOUT / "docs/operations.md").read_text()
        sources = [path for path in (CHECKOUT / "src").rglob("*.cpp") if not path.name.endswith("_test.cpp")]
        logged = {event for path in sources for event in CALL.findall(path.read_text())}
        self.assertGreater(len(logged), 50)
        self.assertEqual(sorted(event for event in logged if f"`{event}`" not in guide), [])


if __name__ == "__main__":
    unittest.main()
