"""The Debian package of the build under test."""

import os
import re
import subprocess
from pathlib import Path

from .paths import BINARY, require

BUILD = BINARY.parent


def run(*words: object, **options) -> str:
    """A command's output; fails unless it ends with 0."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def make_package(folder: Path) -> Path:
    """As `make deb` makes it, but for the time that xz takes."""
    configuration = require(BUILD / "CPackConfig.cmake", "cmake --preset release")
    run("cpack", "--config", configuration, "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", cwd=BUILD)
    found = list(folder.glob("butler_*.deb"))
    if len(found) != 1:
        raise AssertionError(f"cpack made {found}")
    return found[0]


def dependencies(package: Path) -> list[str]:
    """The Debian packages that it needs, by name; of alternatives the first."""
    field = run("dpkg-deb", "--field", package, "Depends")
    return [re.split(r"[ (|]", part.strip())[0] for part in field.split(",")]


def with_version(package: Path, version: str, folder: Path) -> Path:
    """The same package as a later version: nothing but the number differs."""
    tree = folder / f"tree-{version}"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    made = folder / f"butler_{version}.deb"
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, made)
    return made


def stage(folder: Path, prefix: str = "/usr") -> Path:
    """What `cmake --install` puts under `prefix`, in a folder; returns that of the prefix."""
    run("cmake", "--install", BUILD, "--prefix", prefix, env=os.environ | {"DESTDIR": str(folder)})
    return folder / prefix.lstrip("/")


def unit(text: str) -> dict[str, list[str]]:
    """The settings of a unit file, each with its values in order."""
    settings: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            settings.setdefault(name.strip(), []).append(value.strip())
    return settings
