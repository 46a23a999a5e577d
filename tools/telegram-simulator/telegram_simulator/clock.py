"""One clock for everything that ages: updates, drafts, typing, callback queries, rate buckets."""

import time


class Clock:
    """Real time plus an offset that only a test moves."""

    def __init__(self) -> None:
        self._offset = 0.0

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic() + self._offset

    def unix(self) -> float:
        """Seconds since 1970, shifted by the same offset."""
        return time.time() + self._offset

    def date(self) -> int:
        """The Unix time as Telegram's `date` fields have it."""
        return int(self.unix())

    def advance(self, seconds: float) -> None:
        """Lets `seconds` pass at once. Polls and waits that are parked keep their real deadline."""
        self._offset += seconds
