"""What must be true of Butler's jobs, seen from outside, whatever has happened."""

import sqlite3
from pathlib import Path

from .butler import Butler

OPEN = ("needs_approval", "queued", "running", "aborting")
LOST = "stopped in the middle"  # what a person reads when a worker was gone after its job had acted
FAILED = "That didn't work"  # … when a job has failed in another way
_WHY_IT_WAITS = ("Queued behind", "Everybody is busy")


def all_jobs(butler: Butler) -> list[dict]:
    """Newest first, page by page."""
    jobs, before = [], None
    while True:
        reply = butler.as_gateway("GET", "/v1/jobs", limit=200, **({"before": before} if before else {})).json
        jobs += reply["jobs"]
        before = reply.get("nextBefore")
        if not before:
            return jobs


def without_words_on_waiting(messages: list[dict]) -> list[dict]:
    """Without the quiet sentence that comes when a job waits for more than 1.5 s, which on a busy machine any may do."""
    return [message for message in messages if not message["text"].startswith(_WHY_IT_WAITS)]


def unknown_sends(gateway_database: Path, job_id: str) -> int:
    """How many sends of the job's answer ended without Butler knowing how: as often may it be seen once more."""
    database = sqlite3.connect(f"file:{gateway_database}?mode=ro", uri=True)
    try:
        return database.execute("SELECT coalesce(sum(unknown_outcomes), 0) FROM outbox WHERE source = ?", (job_id,)).fetchone()[0]
    finally:
        database.close()
