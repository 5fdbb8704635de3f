"""``python -m pynn_greenmorph.cli``, for where the command ``greenmorph`` is not on the path."""

from . import main

main(prog_name="greenmorph")
