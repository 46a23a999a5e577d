"""Prometheus's text format 0.0.4, read strictly: what is not right is an error."""

import re
from collections import defaultdict

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)$")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?|Inf)|NaN")
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Metrics:
    """A scrape. `metrics["butler_jobs", {"status": "queued"}]` is a value, None when it is not there."""

    def __init__(self, text: str):
        self.types: dict[str, str] = {}
        self.helps: dict[str, str] = {}
        self._values: dict[tuple, float] = {}
        if not text.endswith("\n"):
            raise ValueError("the last line does not end")
        for line in text.splitlines():
            self._read(line)
        self._check_histograms()

    def __getitem__(self, key: str | tuple[str, dict]) -> float | None:
        name, labels = (key, {}) if isinstance(key, str) else key
        return self._values.get((name, frozenset(labels.items())))

    def labels_of(self, name: str) -> list[dict[str, str]]:
        return [dict(labels) for found, labels in self._values if found == name]

    def _read(self, line: str) -> None:
        comment = re.fullmatch(rf"# (HELP|TYPE) ({_NAME}) (.*)", line)
        if comment:
            kind, name, text = comment.groups()
            table = self.helps if kind == "HELP" else self.types
            if name in table or any(self._family(sample) == name for sample, _ in self._values):
                raise ValueError(f"out of order: {line}")
            table[name] = text
            return
        sample = _SAMPLE.fullmatch(line)
        if not sample or not _NUMBER.fullmatch(sample.groups()[-1]):
            raise ValueError(f"no sample: {line!r}")
        name = sample.group(1)
        if self._family(name) not in self.types:
            raise ValueError(f"{name} has no TYPE")
        labels = frozenset((label, re.sub(r'\\["\\n]', lambda escape: _ESCAPES[escape.group()], value)) for label, value in re.findall(_LABEL, sample.group(2) or ""))
        if (name, labels) in self._values:
            raise ValueError(f"twice: {line}")
        self._values[name, labels] = float(sample.groups()[-1].replace("Inf", "inf"))

    def _family(self, sample: str) -> str:
        base = re.sub(r"_(bucket|sum|count)$", "", sample)
        return base if self.types.get(base) == "histogram" else sample

    def _check_histograms(self) -> None:
        buckets = defaultdict(dict)
        for (name, labels), value in self._values.items():
            if name.endswith("_bucket") and self.types.get(self._family(name)) == "histogram":
                bounds = dict(labels)
                bound = float(bounds.pop("le").replace("Inf", "inf"))
                buckets[self._family(name), frozenset(bounds.items())][bound] = value
        for (name, labels), counts in buckets.items():
            rising = [counts[bound] for bound in sorted(counts)]
            if rising != sorted(rising) or counts.get(float("inf")) != self._values[name + "_count", labels]:
                raise ValueError(f"the buckets of {name} do not add up")
