"""A TestCase with a scratch folder and the things under test, ended and reported as they should be."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from .butler import Butler
from .model_server import ModelServer
from .postgres import Postgres
from .simulator import Simulator


class SystemTest(unittest.TestCase):
    """Everything a test starts through this is ended after it, with its failures as the test's own; when
    the test fails, what they printed is shown."""

    maxDiff = None

    def run(self, result=None):
        self._reports = []
        if result is None:
            result = self.defaultTestResult()
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            for report in self._reports:
                print(report(), file=sys.stderr)
        return result

    @property
    def scratch(self) -> Path:
        """A folder that every user may walk through but not list."""
        if not hasattr(self, "_scratch"):
            self._scratch = Path(tempfile.mkdtemp(prefix="butler-test-", dir="/tmp"))
            self._scratch.chmod(0o711)
            self.addCleanup(shutil.rmtree, self._scratch, ignore_errors=True)
        return self._scratch

    def start_simulator(self, **options) -> Simulator:
        simulator = Simulator(self.scratch, **options)
        self._reports.append(simulator.report)
        self.addCleanup(simulator.close)
        return simulator

    def start_model_server(self) -> ModelServer:
        model = ModelServer(self.scratch)
        self._reports.append(model.process.report)
        self.addCleanup(model.stop)
        return model

    def start_postgres(self) -> Postgres:
        postgres = Postgres(self.scratch)
        self._reports.append(postgres.report)
        self.addCleanup(postgres.close)
        return postgres

    def make_butler(self, simulator: Simulator | None = None, model: ModelServer | None = None, **environment: str) -> Butler:
        """Nothing runs yet."""
        butler = Butler(self.scratch, simulator, model, **environment)
        self._reports.append(butler.report)
        self.addCleanup(butler.close)
        return butler
