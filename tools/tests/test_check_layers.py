"""Each rule of tools/check_layers.py, shown to fail on a tiny tree that breaks it."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOOLS))

import check_layers  # noqa: E402

SOUND = {
    "src/domain/CMakeLists.txt": "butler_module(domain)\n",
    "src/domain/job.hpp": "#include <string>\n",
    "src/json/CMakeLists.txt": "butler_module(json DEPENDS domain LINKS Boost::json)\n",
    "src/json/codec.hpp": '#include "domain/job.hpp"\n',
    "src/log/CMakeLists.txt": "butler_module(log LINKS spdlog::spdlog)\n",
    "src/log/log.cpp": "#include <spdlog/spdlog.h>\n",
    "src/http/CMakeLists.txt": "butler_module(http DEPENDS log)\n",
    "src/http/message_parser.cpp": '#include "log/log.hpp"\n#include <boost/beast/http.hpp>\n#include <boost/asio/ssl/stream.hpp>\n',
    "src/gateway/CMakeLists.txt": "butler_module(gateway\n  DEPENDS json  # and so domain\n          http)\n",
    "src/gateway/main.hpp": '#include "json/codec.hpp"\n#include "domain/job.hpp"\n',
    "src/gateway/lane.cpp": '#include "gateway/main.hpp"\n#include "http/client.hpp"\n',
    "src/gateway/lane_test.cpp": '#include "gateway/main.hpp"\n#include "support/manual_clock.hpp"\n',
    "src/worker/CMakeLists.txt": "butler_module(worker DEPENDS json)\n",
    "src/cli/CMakeLists.txt": "butler_module(cli DEPENDS gateway worker)\n",
    "src/cli/main.cpp": '#include <CLI/CLI.hpp>\n#include "gateway/main.hpp"\n',
    "tests/support/manual_clock.hpp": "",
    "third_party/beast.cpp": "#include <boost/beast/src.hpp>\n",
}


class CheckLayers(unittest.TestCase):
    def faults(self, changes: dict[str, str | None]) -> list[str]:
        """What the check says of the sound tree with these files changed; None removes one."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, text in (SOUND | changes).items():
                if text is not None:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(text)
            return check_layers.check(root)

    def test_a_sound_tree_has_no_faults(self):
        self.assertEqual(self.faults({}), [])

    def test_an_include_beyond_the_dependencies_is_named_with_its_line(self):
        self.assertEqual(
            self.faults({"src/json/codec.hpp": '#include "domain/job.hpp"\n\n#include "log/log.hpp"\n'}),
            ["src/json/codec.hpp:3: json does not depend on log, but includes log/log.hpp"],
        )

    def test_angle_brackets_are_no_way_round(self):
        self.assertEqual(
            self.faults({"src/json/codec.hpp": "#  include <log/log.hpp>\n"}),
            ["src/json/codec.hpp:1: json does not depend on log, but includes log/log.hpp"],
        )

    def test_a_dependency_in_a_comment_does_not_count(self):
        faults = self.faults({"src/json/CMakeLists.txt": "butler_module(json  # DEPENDS domain\n)\n"})
        self.assertIn("src/json/codec.hpp:1: json does not depend on domain, but includes domain/job.hpp", faults)

    def test_a_library_to_link_is_no_dependency(self):
        faults = self.faults({"src/json/CMakeLists.txt": "butler_module(json LINKS domain)\n"})
        self.assertIn("src/json/codec.hpp:1: json does not depend on domain, but includes domain/job.hpp", faults)

    def test_tests_of_a_module_keep_to_its_dependencies_too(self):
        faults = self.faults({"src/json/codec_test.cpp": '#include "http/server.hpp"\n'})
        self.assertEqual(faults, ["src/json/codec_test.cpp:1: json does not depend on http, but includes http/server.hpp"])

    def test_a_circle_is_shown_whole(self):
        faults = self.faults({"src/domain/CMakeLists.txt": "\nbutler_module(domain DEPENDS json)\n"})
        self.assertEqual(
            faults, ["src/domain/CMakeLists.txt:2: dependencies go round in a circle: json -> domain -> json"]
        )

    def test_a_module_that_depends_on_itself_is_a_circle(self):
        faults = self.faults({"src/log/CMakeLists.txt": "butler_module(log DEPENDS log)\n"})
        self.assertEqual(faults, ["src/log/CMakeLists.txt:1: dependencies go round in a circle: log -> log"])

    def test_programs_do_not_include_each_other(self):
        faults = self.faults({"src/worker/run.cpp": '#include "gateway/main.hpp"\n'})
        self.assertEqual(faults, ["src/worker/run.cpp:1: the program worker may not include gateway/main.hpp"])

    def test_programs_do_not_depend_on_each_other(self):
        faults = self.faults({"src/worker/CMakeLists.txt": "butler_module(worker DEPENDS json gateway)\n"})
        self.assertEqual(faults, ["src/worker/CMakeLists.txt:1: worker may not depend on the program gateway"])

    def test_no_module_depends_on_a_program(self):
        faults = self.faults({"src/http/CMakeLists.txt": "butler_module(http DEPENDS log worker)\n"})
        self.assertEqual(faults, ["src/http/CMakeLists.txt:1: http may not depend on the program worker"])

    def test_the_command_line_sees_only_the_entrance_of_a_program(self):
        faults = self.faults({"src/cli/up.cpp": '#include "gateway/main.hpp"\n#include "gateway/lane.hpp"\n'})
        self.assertEqual(faults, ["src/cli/up.cpp:2: the program cli may not include gateway/lane.hpp"])

    def test_beast_stays_in_its_files(self):
        faults = self.faults({"src/http/router.cpp": "#include <boost/beast/core.hpp>\n"})
        self.assertEqual(
            faults,
            ["src/http/router.cpp:1: boost/beast/core.hpp belongs in "
             "src/http/message_parser.cpp, third_party/ only"],
        )

    def test_every_fenced_header_is_fenced_in_tests_and_benchmarks_as_well(self):
        for header in ("boost/beast.hpp", "boost/asio/ssl.hpp", "boost/asio/ssl/context.hpp", "CLI/CLI.hpp", "spdlog/spdlog.h"):
            for file in ("src/domain/job.cpp", "tests/system/a.cpp", "bench/claim.cpp"):
                with self.subTest(header=header, file=file):
                    self.assertEqual(len(self.faults({file: f"#include <{header}>\n"})), 1)

    def test_a_quoted_include_belongs_to_a_module(self):
        faults = self.faults({"src/json/codec.hpp": '#include "jason/codec.hpp"\n'})
        self.assertEqual(faults, ['src/json/codec.hpp:1: "jason/codec.hpp" is in no module'])

    def test_test_support_is_for_tests(self):
        faults = self.faults({"src/json/codec.cpp": '#include "support/manual_clock.hpp"\n'})
        self.assertEqual(faults, ['src/json/codec.cpp:1: "support/manual_clock.hpp" is in no module'])

    def test_sources_without_a_module_line_are_found(self):
        faults = self.faults({"src/util/string.cpp": ""})
        self.assertEqual(faults, ["src/util/CMakeLists.txt:1: src/util has sources but no butler_module line"])

    def test_a_file_without_a_module_line_is_found(self):
        faults = self.faults({"src/log/CMakeLists.txt": "add_library(log log.cpp)\n", "src/http/message_parser.cpp": "",
                              "src/http/CMakeLists.txt": "butler_module(http)\n"})
        self.assertEqual(faults, ["src/log/CMakeLists.txt:1: expected one butler_module line, found 0"])

    def test_a_module_is_called_as_its_folder(self):
        faults = self.faults({"src/worker/CMakeLists.txt": "butler_module(wroker)\n"})
        self.assertIn("src/worker/CMakeLists.txt:1: the module of src/worker is called 'wroker'", faults)

    def test_a_dependency_that_does_not_exist_is_found(self):
        faults = self.faults({"src/worker/CMakeLists.txt": "butler_module(worker DEPENDS jsn)\n"})
        self.assertEqual(faults, ["src/worker/CMakeLists.txt:1: worker depends on 'jsn', which is no module"])

    def test_an_empty_tree_does_not_pass(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "src").mkdir()
            self.assertEqual(len(check_layers.check(Path(folder))), 1)

    def test_the_exit_code_says_it(self):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "src/json"
            source.mkdir(parents=True)
            (source / "CMakeLists.txt").write_text("butler_module(json)\n")
            script = [sys.executable, str(TOOLS / "check_layers.py"), folder]
            self.assertEqual(subprocess.run(script, capture_output=True).returncode, 0)
            (source / "codec.hpp").write_text('#include "log/log.hpp"\n')
            failed = subprocess.run(script, capture_output=True, text=True)
            self.assertEqual(failed.returncode, 1)
            self.assertIn("src/json/codec.hpp:1:", failed.stderr)


if __name__ == "__main__":
    unittest.main()
