"""What the documentation says is there: links lead somewhere, and commands and options are the program's."""

import os
import re
import subprocess
import sys
import unittest

from support.paths import BINARY, CHECKOUT

DOCUMENTS = sorted([CHECKOUT / "README.md", CHECKOUT / "ARCHITECTURE.md", *(CHECKOUT / "docs").glob("*.md")])
# Roles run until they are stopped; the words behind these are not Butler's.
CODE = re.compile(r"^ {4,}(\S.*)$|`([^`\n]+)`|^((?:sudo )?butler .*)$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """As GitHub makes them of the headings."""
    found = set()
    for heading in re.findall(r"(?m)^#+ (.*)$", text):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return found


def commands(text: str) -> set[tuple[str, ...]]:
    """The command lines that begin with butler, as words up to the first one that a reader would replace."""
    found = set()
    for match in CODE.finditer(text):
        line = next(group for group in match.groups() if group).split("#")[0]
        for part in re.split(r"&&|\|\||[;|]", line):
            words = re.sub(r"^(sudo |env |[A-Z_]+=\S* )*", "", part.strip()).split()
            if words and words[0] in ("butler", "build/release/butler"):
                found.add(tuple(words[1:]))
    return found


@unittest.skipIf(os.environ.get("BUTLER_SANITIZED"), "asks each command for its help: once, with the plain build")
class TheDocumentation(unittest.TestCase):
    def test_links_lead_to_a_file_and_a_heading_that_are_there(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", document.read_text()):
                path, _, anchor = target.partition("#")
                file = (document.parent / path).resolve() if path else document
                with self.subTest(document=document.name, link=target):
                    self.assertTrue(file.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(file.read_text()))

    def test_the_reference_of_the_api_is_made_of_what_the_orchestrator_serves(self):
        made = subprocess.run([sys.executable, "-B", CHECKOUT / "tools/api_reference.py"], capture_output=True, text=True, check=True)
        self.assertEqual((CHECKOUT / "docs/http-api-reference.md").read_text(), made.stdout, "tools/api_reference.py --write makes it anew")

    def test_every_document_is_in_the_index(self):
        index = (CHECKOUT / "docs/README.md").read_text()
        for document in DOCUMENTS:
            if document.name != "README.md":
                self.assertIn(f"{document.name})", index)

    def test_commands_and_options_are_the_programs(self):
        for document in DOCUMENTS:
            for words in sorted(commands(document.read_text())):
                with self.subTest(document=document.name, command=" ".join(words)):
                    self.check_command(list(words))

    def check_command(self, words: list[str]) -> None:
        path: list[str] = []
        shown = self.help_of(path)
        for word in words:
            # `sandbox run|test|explain` names several.
            names = word.split("|")
            if not all(re.fullmatch(r"[a-z][a-z-]*", name) for name in names) or "Subcommands:" not in shown:
                break
            for name in names:
                deeper = self.help_of([*path, name])
            path.append(names[0])
            shown = deeper
        for option in words[len(path):]:
            if option == "--":
                break
            if option.startswith("--") and option != "--help":
                self.assertIn(option.split("=")[0], shown)

    def help_of(self, path: list[str]) -> str:
        done = subprocess.run([BINARY, *path, "--help"], capture_output=True, text=True, timeout=120)
        self.assertIn("Usage: " + " ".join(["butler", *path]) + " ", done.stdout, "not a command")
        return done.stdout


if __name__ == "__main__":
    unittest.main()
