"""The goals of the queue, G1 to G19, in one place, and what measurements say about them."""

from dataclasses import dataclass

from calibration import table


@dataclass(frozen=True)
class Goal:
    """`musts` are the design's words; a verdict's must begins with the one it is about."""

    measure: str
    musts: tuple[str, ...]
    aim: str = ""
    elsewhere: str = ""  # what proves it, if no measurement of bench/goals.py does


GOALS: dict[str, Goal] = {
    "G1": Goal("durable `POST /v1/jobs`, 1 connection", ("≥ 0.7 F",), "0.8 F"),
    "G2": Goal("durable creates, 32 connections",
               ("≥ 5.5 F", "≥ 1.15× BullMQ always", "≥ 3.5× beanstalkd -f0", "≥ 10× pg-boss", "≥ 20× graphile"), "7 F"),
    "G3": Goal("lifecycle, 32 producers + 32 workers",
               ("≥ 4.5 F", "≥ 2× BullMQ always", "≥ 1.5× BullMQ everysec", "≥ 7× beanstalkd", "≥ 10× pg-boss (32)", "≥ 25× graphile"), "6 F"),
    "G4": Goal("lifecycle, 8 + 8", ("≥ 2.5 F", "≥ 1.5× BullMQ always"), "4 F"),
    "G5": Goal("pickup by an idle worker on a long-poll", ("p50 ≤ create p50 + 0.15 ms", "≤ 0.6× BullMQ always", "p99 ≤ 5 ms")),
    "G6": Goal("claim cost with 1 M finished jobs against none", ("≤ 1.15×",), "1.05×"),
    "G7": Goal("claim with 10 000 queued jobs of one session in front", ("≤ 1.2×",), "1.05×"),
    "G8": Goal("p99 of creates at 128 connections through 20 checkpoints", ("≤ 2.5× p50",), "2×"),
    "G9": Goal("HTTP floor with route, auth and JSON", ("≥ 0.75× nginx `return 200`",), "0.9×"),
    "G10": Goal("1 000 parked long-polls and 1 000 heartbeats/s",
                ("< 5 % of a core", "no fsync", "no SQL while idle", "5 000 streams ≤ 60 MB"), "2 %"),
    "G11": Goal("200 B deltas from 32 running jobs", ("≥ 50 000/s accepted", "≥ 20 000/s stored", "≤ 1.1× the commits of none")),
    "G12": Goal("restart after SIGKILL with 1 M jobs", ("ready ≤ 1 s", "nothing answered is lost, no second holder"), "0.3 s"),
    "G13": Goal("PostgreSQL, two orchestrators, 32 connections each",
                ("creates ≥ 4× raw single-row inserts", "lifecycles ≥ 3× pg-boss (32)"), "6×"),
    "G14": Goal("wake-up between orchestrators at 2 000 creates/s", ("p50 ≤ 3 ms", "rate ≥ 0.9× of none")),
    "G15": Goal("fence", ("0 stale completions accepted in 10⁶ random operations with pauses, crashes, clock jumps",),
                elsewhere="src/orchestrator/model_test.cpp; `make test-long` for many"),
    "G16": Goal("message in → answer out, instant agent, simulator on loopback", ("p50 ≤ 10 ms, p99 ≤ 40 ms",), "5 ms"),
    "G17": Goal("three roles idle, PSS; time to ready each", ("≤ 25 MB; ≤ 50 ms",), "15 MB"),
    "G18": Goal("soak: 100 000 jobs through the whole path", ("≤ 2 MB growth after the first 5 000",), "0", "bench/soak.py: half an hour"),
    "G19": Goal("reads and streams while an fsync takes 100 ms (injected)", ("p99 ≤ 20 ms, reads", "p99 ≤ 20 ms, streams")),
}


@dataclass(frozen=True)
class Verdict:
    """What was measured for one must of a goal. `met` is None where only a person can judge."""

    goal: str
    must: str
    measured: str
    met: bool | None
    accepted: bool = True

    @property
    def word(self) -> str:
        word = {True: "met", False: "missed", None: "–"}[self.met]
        return word if self.accepted else f"{word} (not accepted)"


def print_verdicts(verdicts: list[Verdict]) -> None:
    print(table(("goal", "must", "measured", ""), [(verdict.goal, verdict.must, verdict.measured, verdict.word) for verdict in verdicts]))


def goals_with(verdicts: list[Verdict]) -> str:
    """Every must of every goal, measured or not."""
    rows = []
    for name, goal in GOALS.items():
        left = [verdict for verdict in verdicts if verdict.goal == name]
        for must in goal.musts:
            own = [verdict for verdict in left if verdict.must.startswith(must)]
            left = [verdict for verdict in left if verdict not in own]
            rows += [(name, goal.measure, verdict.must, goal.aim, verdict.measured, verdict.word) for verdict in own]
            if not own:
                rows.append((name, goal.measure, must, goal.aim, goal.elsewhere or "not measured", "–"))
        rows += [(name, goal.measure, verdict.must, goal.aim, verdict.measured, verdict.word) for verdict in left]
    return table(("#", "measure", "must", "aim", "measured", ""), rows)
