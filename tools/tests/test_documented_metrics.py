"""docs/operations.md names every metric that the roles tell, and no other."""

import re
import unittest
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
REGISTERED = re.compile(r'\{\s*"((?:butler|process)_[a-z_]+)"')
DOCUMENTED = re.compile(r"`((?:butler|process)_[a-z_]+)`")


class DocumentedMetrics(unittest.TestCase):
    def test_the_operations_guide_names_the_metrics_that_there_are(self):
        sources = [path for path in (CHECKOUT / "src").rglob("*.cpp") if not path.name.endswith("_test.cpp")]
        registered = {name for path in sources for name in REGISTERED.findall(path.read_text())}
        documented = set(DOCUMENTED.findall((CHECKOUT / "docs/operations.md").read_text()))
        self.assertGreater(len(registered), 15)
        self.assertEqual(documented, registered)


if __name__ == "__main__":
    unittest.main()
