"""What several parts have logged comes out as if one part had logged it."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pynn_greenmorph.engine.arrivals import LogTail
from pynn_greenmorph.engine.log_buffers import LogBuffers

#: Cells of each population; part ``p`` of three owns the ``p``-th third of every one.
SIZES = (6, 3, 9)
N_CELLS = sum(SIZES)
PART_OF_CELL = np.concatenate([np.arange(size) * 3 // size for size in SIZES])

#: Spikes of every cell in every step of a tail of 2 steps and a call of 3.
EMITTED = st.lists(
    st.lists(st.sampled_from([0, 0, 1, 2]), min_size=N_CELLS, max_size=N_CELLS),
    min_size=5,
    max_size=5,
)


def entries(counts: np.ndarray, first_step: int) -> list[tuple[int, int, int]]:
    """Step, cell and number of spikes, sorted; ``counts`` is (steps, cells)."""
    return sorted(
        (first_step + int(step), int(cell), int(counts[step, cell]))
        for step, cell in np.argwhere(counts)
    )


def rows(tail: LogTail) -> list[tuple[int, int, int]]:
    return list(zip(tail.step.tolist(), tail.cell.tolist(), tail.count.tolist(), strict=True))


@settings(deadline=None)  # the first call compiles
@given(
    EMITTED,
    st.lists(st.booleans(), min_size=N_CELLS, max_size=N_CELLS),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_entries_of_all_parts_come_out_by_step_then_cell(
    spikes: list[list[int]], chosen: list[bool], n_parts: int, done: int
) -> None:
    """Against a sort: a tail of steps 9 and 10, then up to 3 steps of which ``done`` are done."""
    counts, recorded, now, reach = np.array(spikes), np.array(chosen), 10, 2
    part_of_cell = PART_OF_CELL * n_parts // 3
    past = entries(counts[:reach], now - 1)
    tail = LogTail(*np.array(past, dtype=np.int64).reshape(-1, 3).T)
    buffers = LogBuffers()
    log, base, n_tail = buffers.open(tail, now, now + 3, reach, part_of_cell, [N_CELLS] * n_parts)
    emitted, length = np.zeros(N_CELLS, dtype=np.int64), list(n_tail)
    for step in range(now + 1, now + done + 1):
        for cell in np.flatnonzero(counts[step - now + 1]):
            part = part_of_cell[cell]
            log.cell[part, length[part]] = cell
            log.number[part, length[part]] = counts[step - now + 1, cell]
            length[part] += 1
        log.end[:, step - base] = length
    made = counts[reach : reach + done]

    found = LogBuffers.close(log, base, now + done, n_tail, recorded, emitted)
    assert rows(found) == entries(made * recorded, now + 1)
    assert emitted.tolist() == made.sum(axis=0).tolist()
    for epoch in range(now - reach, now + done + 1):
        later = LogBuffers.tail(log, base, now + done, epoch, N_CELLS)
        assert rows(later) == entries(counts[epoch - now + 2 : reach + done], epoch + 1)


@given(st.lists(st.integers(1, 1 << 20), min_size=1, max_size=3), st.integers(0, 3000))
@example([32_000, 32_000], 0)
def test_a_good_part_of_a_log_takes_spikes(room: list[int], n_tail: int) -> None:
    """A call ends where less than its room is free; it shall not after a few spikes.

    Rooms near a power of two once left next to nothing.
    """
    steps, cells = np.full(n_tail, 10), np.zeros(n_tail, dtype=np.int64)
    buffers = LogBuffers()
    buffers.open(LogTail(steps, cells, np.ones_like(cells)), 10, 13, 2, np.zeros(1, int), room)
    assert buffers.capacity - n_tail - max(room) >= buffers.capacity // 4
