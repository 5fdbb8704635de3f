"""Epochs, joules and attempts that ended early, of random studies against sums by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_greenmorph.accounting.experiments.entries import Entry
from pynn_greenmorph.accounting.experiments.formats import STUDY_FORMATS, render_study
from pynn_greenmorph.accounting.experiments.measure import Measured
from pynn_greenmorph.accounting.experiments.study import Study
from pynn_greenmorph.accounting.experiments.words import study_tables

STATUSES = ("finished", "failed", "interrupted", "terminated", "killed", "running", "unknown")


class Attempt(NamedTuple):
    """What a test says of an attempt; sessions are (static J, dynamic J, s)."""

    w: int
    status: str
    epochs: int
    driver: bool
    overhead: tuple[int, int]
    sessions: list[tuple[int, int, int]]


ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        w=st.integers(0, 4),
        status=st.sampled_from(STATUSES),
        epochs=st.integers(1, 5),
        driver=st.just(False),
        overhead=st.tuples(st.integers(0, 3), st.integers(0, 3)),
        sessions=st.lists(
            st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 9)), max_size=3
        ),
    )
    # A script declares neither epochs nor a fixed cost.
    | st.builds(
        Attempt,
        w=st.integers(0, 4),
        status=st.sampled_from(STATUSES),
        epochs=st.just(1),
        driver=st.just(True),
        overhead=st.just((0, 0)),
        sessions=st.lists(
            st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 9)), max_size=2
        ),
    ),
    max_size=12,
)


def measured(static_j: int, dynamic_j: int, seconds: int) -> Measured:
    draws = np.full((2, 1000), 1.0) * np.array([[static_j], [static_j + dynamic_j]])
    words = ("ideal", "board_dc", "modelled: a board", ("key",))
    return Measured(*words, float(static_j), float(dynamic_j), "", float(seconds), 1.0, {}, draws)


def entry(number: int, attempt: Attempt, **more: Any) -> Entry:
    values: dict[str, Any] = {
        "id": str(number),
        "name": "trial",
        "script": "s.py",
        "digest": "",
        "params": {"w": attempt.w},
        "words": f'{{"w":{attempt.w}}}',
        "version": "1",
        "seed": "1",
        "board": "ideal",
        "driver": attempt.driver,
        "status": attempt.status,
        "epochs": attempt.epochs,
        "overhead_s": float(attempt.overhead[0]),
        "overhead_j": float(attempt.overhead[1]),
        "host": "",
        "started_utc": "",
        "duration_s": None,
        "error": "",
        "result": None,
        "sessions": tuple(measured(*session) for session in attempt.sessions),
    }
    return Entry(**{**values, **more})


def passes(attempt: Attempt) -> int:
    """How many epochs an attempt is charged for, from the rule in words."""
    if not attempt.sessions:
        return 0
    return attempt.epochs if attempt.status == "finished" else 1


@given(attempts=ATTEMPTS)
def test_epochs_and_joules_of_any_study(attempts: list[Attempt]) -> None:
    study = Study([entry(number, attempt) for number, attempt in enumerate(attempts)])
    own = [attempt for attempt in attempts if not attempt.driver]
    keys = {attempt.w for attempt in own}
    assert study.n_exp == len(keys)
    if not keys:
        return
    epochs = [passes(attempt) for attempt in own]
    by_key = [sum(passes(a) for a in own if a.w == w) for w in keys]
    finished = sum(n for n, a in zip(epochs, own, strict=True) if a.status == "finished")
    assert study.epochs.total == sum(epochs)
    assert study.epochs == (finished, sum(epochs) - finished, min(by_key), max(by_key))
    run_j = sum(n * sum(s + d for s, d, _ in a.sessions) for n, a in zip(epochs, own, strict=True))
    run_s = sum(n * sum(t for _, _, t in a.sessions) for n, a in zip(epochs, own, strict=True))
    outside = sum(s + d for a in attempts if a.driver for s, d, _ in a.sessions)
    fixed = Fraction(outside)
    for seconds, joules, sessions in ((*a.overhead, a.sessions) for a in own):
        power = Fraction(sessions[0][0], sessions[0][2]) if sessions else 0
        fixed += seconds * power + joules
    pue, loss = 1.5, 0.2
    n = study.nature(pue=pue, loss=loss)
    ratio = Fraction(3, 2) / (1 - Fraction(1, 5))
    t = n.terms
    assert t["N_exp"] == len(keys)
    assert t["epochs"] == pytest.approx(float(Fraction(sum(epochs), len(keys))), rel=1e-12)
    assert t["A_j"] == pytest.approx(float(fixed * ratio / len(keys)), rel=1e-9)
    if run_s:
        assert t["T_s"] == pytest.approx(run_s / sum(epochs), rel=1e-9)
        assert t["E_w"] == pytest.approx(run_j / run_s, rel=1e-9)
    assert n.joule == pytest.approx(float((run_j + fixed) * ratio), rel=1e-9)
    assert sum(study.grid_joules(pue, loss).values()) == pytest.approx(n.joule, rel=1e-9)
    if any(a.sessions for a in attempts):
        assert n.interval_joule == pytest.approx((n.joule, n.joule), rel=1e-6)
    else:
        assert n.interval_joule is None
    assert ("outside their experiments" in n.left_out) == any(
        a.driver and a.sessions for a in attempts
    )


def test_who_reads_a_study_sees_what_ended_early_and_why() -> None:
    session = [(10, 1, 1)]
    study = Study(
        [
            entry(0, Attempt(1, "finished", 3, False, (0, 0), session)),
            entry(1, Attempt(1, "failed", 3, False, (0, 0), session), error="ValueError: x < <b>"),
            entry(2, Attempt(2, "killed", 3, False, (0, 0), [])),
            entry(3, Attempt(2, "terminated", 3, False, (0, 0), session), error="Terminated: y"),
            entry(4, Attempt(0, "failed", 1, True, (0, 0), session), error="OSError: late"),
        ]
    )
    n = study.nature()
    shown = {name: render_study(study, n, name) for name in STUDY_FORMATS}
    head = "3 of 4 attempts did not finish (1 failed, 1 killed, 1 terminated)"
    for name in ("text", "markdown", "latex", "html"):
        assert head in shown[name], name
        for words in ("OSError: late", "Terminated: y", "its process is gone", "ValueError: x"):
            assert words in shown[name], (name, words)
    assert "x &lt; &lt;b&gt;" in shown["html"]
    values = json.loads(shown["json"])
    assert values["epochs"] == {"finished": 3, "begun": 2, "least": 1, "most": 4, "total": 5}
    assert [each["finished"] for each in values["experiments"]] == [True, False]
    told = [
        [(a["status"], a["error"], a["charged_epochs"]) for a in e["attempts"]]
        for e in values["experiments"]
    ]
    assert told == [
        [("finished", "", 3), ("failed", "ValueError: x < <b>", 1)],
        [("killed", "", 0), ("terminated", "Terminated: y", 1)],
    ]
    counts = {name.strip(): words for name, words in study_tables(study, n)[0].rows}
    assert counts["epochs charged"] == "5"
    assert counts["without a finished attempt"] == "1"
    assert counts["of one experiment"] == "1 to 4, mean 2.5"


def test_a_study_in_which_all_finished_says_nothing_of_the_kind() -> None:
    attempt = Attempt(1, "finished", 3, False, (0, 0), [(10, 1, 1)])
    study = Study([entry(0, attempt)])
    assert "did not finish" not in render_study(study, study.nature(), "text")
