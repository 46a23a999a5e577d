#!/usr/bin/env python3
"""Checks that the source tree keeps to its layers.

    tools/check_layers.py [CHECKOUT]

The line butler_module(x DEPENDS a b c) in src/x/CMakeLists.txt is the whole truth of what src/x may include:
those modules, and what they depend on in turn. Faults are printed as file:line: sentence, and make it exit 1.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Programs never include each other. The command line starts the others, through this one header of theirs.
PROGRAMS = ("orchestrator", "gateway", "worker", "cli")
STARTER = "cli"
ENTRANCE = "main.hpp"

# Headers that cost seconds a file or that we hide behind an interface of ours, and who may include them:
# a folder (ending in /) or a file.
FENCED = {
    "boost/beast": ("src/http/message_parser.cpp", "third_party/"),
    "boost/asio/ssl": ("src/http/", "third_party/"),
    "CLI": ("src/cli/",),
    "spdlog": ("src/log/",),
}

# What is compiled into a module's tests only.
TEST_FILES = ("_test.cpp", "test_support.hpp", "_fixture.hpp")

SOURCES = (".cpp", ".hpp", ".h", ".cc")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
DECLARATION = re.compile(r"\bbutler_module\s*\(([^)]*)\)")
KEYWORDS = ("DEPENDS", "LINKS")


@dataclass(frozen=True)
class Module:
    name: str
    depends: tuple[str, ...]
    place: str  # file:line of its butler_module


@dataclass(frozen=True)
class Include:
    header: str
    quoted: bool
    file: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


def read_modules(root: Path) -> tuple[dict[str, Module], list[str]]:
    """The modules by name, and what is wrong with their declarations."""
    modules: dict[str, Module] = {}
    faults: list[str] = []
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        cmake = folder / "CMakeLists.txt"
        place = f"{cmake.relative_to(root)}:1"
        if not cmake.exists():
            if any(path.suffix in SOURCES for path in folder.rglob("*")):
                faults.append(f"{place}: src/{folder.name} has sources but no butler_module line")
            continue
        # A comment keeps its line break, so that line numbers stay right.
        text = re.sub(r"#[^\n]*", "", cmake.read_text())
        declarations = list(DECLARATION.finditer(text))
        if len(declarations) != 1:
            faults.append(f"{place}: expected one butler_module line, found {len(declarations)}")
            continue
        place = f"{cmake.relative_to(root)}:{text.count(chr(10), 0, declarations[0].start()) + 1}"
        name, *words = declarations[0].group(1).split()
        if name != folder.name:
            faults.append(f"{place}: the module of src/{folder.name} is called '{name}'")
            continue
        modules[name] = Module(name, _depends(words), place)
    for module in modules.values():
        for other in module.depends:
            if other not in modules:
                faults.append(f"{module.place}: {module.name} depends on '{other}', which is no module")
            elif other in PROGRAMS and module.name != STARTER:
                faults.append(f"{module.place}: {module.name} may not depend on the program {other}")
    return modules, faults


def _depends(words: list[str]) -> tuple[str, ...]:
    section, found = "", []
    for word in words:
        if word in KEYWORDS:
            section = word
        elif section == "DEPENDS":
            found.append(word)
    return tuple(found)


def find_cycles(modules: dict[str, Module]) -> list[str]:
    """One fault for each dependency that closes a circle."""
    faults: list[str] = []
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            circle = [*path[path.index(name) :], name]
            faults.append(f"{modules[path[-1]].place}: dependencies go round in a circle: {' -> '.join(circle)}")
        elif name in modules and name not in done:
            for other in modules[name].depends:
                visit(other, [*path, name])
            done.add(name)

    for name in modules:
        visit(name, [])
    return faults


def reachable(modules: dict[str, Module], name: str) -> set[str]:
    """The module itself and everything below it."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in modules and current not in found:
            found.add(current)
            waiting.extend(modules[current].depends)
    return found


def read_includes(root: Path, folder: str) -> Iterator[Include]:
    for path in sorted((root / folder).rglob("*")):
        if path.suffix in SOURCES and path.is_file():
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if match := INCLUDE.match(line):
                    yield Include(match[2], match[1] == '"', str(path.relative_to(root)), number)


def check_module_includes(root: Path, modules: dict[str, Module]) -> list[str]:
    faults: list[str] = []
    for module in modules.values():
        allowed = reachable(modules, module.name)
        for include in read_includes(root, f"src/{module.name}"):
            other, slash, rest = include.header.partition("/")
            if not slash or other == module.name:
                continue
            if other not in modules:
                # tests/ is on the path of a module's tests, and of nothing else.
                in_test = include.file.endswith(TEST_FILES) and (root / "tests" / include.header).exists()
                if include.quoted and not in_test:
                    faults.append(f'{include.place}: "{include.header}" is in no module')
            elif module.name in PROGRAMS and other in PROGRAMS:
                if module.name != STARTER or rest != ENTRANCE:
                    faults.append(f"{include.place}: the program {module.name} may not include {include.header}")
            elif other not in allowed:
                faults.append(f"{include.place}: {module.name} does not depend on {other}, but includes {include.header}")
    return faults


def check_fences(root: Path) -> list[str]:
    faults: list[str] = []
    for folder in ("src", "tests", "bench", "third_party"):
        for include in read_includes(root, folder):
            for header, allowed in FENCED.items():
                fenced = include.header == f"{header}.hpp" or include.header.startswith(f"{header}/")
                inside = any(include.file == place or place.endswith("/") and include.file.startswith(place) for place in allowed)
                if fenced and not inside:
                    faults.append(f"{include.place}: {include.header} belongs in {', '.join(allowed)} only")
    return faults


def check(root: Path) -> list[str]:
    """Every fault of the checkout, sorted by place."""
    modules, faults = read_modules(root)
    if not modules:
        return [*faults, f"{root}/src: found no module at all"]
    faults += find_cycles(modules)
    faults += check_module_includes(root, modules)
    faults += check_fences(root)
    return sorted(faults)


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
    faults = check(root)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
