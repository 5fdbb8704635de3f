"""Scripts for sPyNNaker learn which of their calls are not PyNN's."""

from __future__ import annotations

from typing import Any

import pyNN.greenmorph as sim
import pytest

from pynn_greenmorph.frontend.spynnaker import NAMES, POPULATION_KEYWORDS


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_name_of_spynnakers_says_so_and_what_to_do(name: str) -> None:
    with pytest.raises(AttributeError, match=r"is sPyNNaker's own.*not supported") as caught:
        getattr(sim, name)
    message = str(caught.value)
    assert repr(name) in message
    # What the message advises: the guard works, and what to use instead exists.
    assert f"hasattr(sim, {name!r})" in message
    assert not hasattr(sim, name)
    instead = NAMES[name].split(" ")[0].split("(")[0]
    assert not instead or hasattr(sim, instead)


@pytest.mark.parametrize("name", POPULATION_KEYWORDS)
def test_an_argument_of_spynnakers_says_so(name: str) -> None:
    sim.setup()
    argument: dict[str, Any] = {name: {"seed": 1}}
    with pytest.raises(TypeError, match=rf"Population.*{name!r} is sPyNNaker's own.*Remove it"):
        sim.Population(1, sim.IF_curr_exp(), **argument)


def test_an_argument_of_nobodys_is_an_error_as_ever() -> None:
    sim.setup()
    with pytest.raises(TypeError, match="unexpected keyword argument 'lable'"):
        sim.Population(1, sim.IF_curr_exp(), lable="x")  # type: ignore[call-arg]
