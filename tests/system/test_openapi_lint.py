"""GET /openapi.json as a third-party linter sees it: Redocly's, with all it recommends, warnings counted as errors."""

import json
import subprocess
import unittest

from support.api import ApiTest
from support.paths import NODE, TEST_NODE, require

LINTER = TEST_NODE / "node_modules/@redocly/cli/bin/cli.js"


class TheServedDocument(ApiTest):
    def lint(self, document: dict) -> subprocess.CompletedProcess:
        file = self.scratch / "openapi.json"
        file.write_text(json.dumps(document))
        command = [require(NODE, "tools/setup/runtime.sh"), require(LINTER, "tools/setup/test-node.sh"), "lint", "--extends=recommended-strict", file]
        # Nothing is told to anybody, and no newer version is looked for.
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.scratch), "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
        return subprocess.run(command, env=environment, cwd=self.scratch, capture_output=True, text=True, timeout=240)

    def served(self) -> dict:
        return self.butler.as_gateway("GET", "/openapi.json").json

    def test_is_valid(self):
        done = self.lint(self.served())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_would_be_refused_with_one_thing_wrong(self):
        document = self.served()
        path = next(iter(document["paths"].values()))
        next(iter(path.values()))["responses"]["200"] = {"$ref": "#/components/responses/Nowhere"}
        done = self.lint(document)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no-unresolved-refs", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
