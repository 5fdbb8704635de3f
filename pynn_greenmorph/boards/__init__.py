"""Board profiles: one ``.toml`` file per board, each number with unit, range and source.

A profile says what a board can hold (limits), how its time runs and what its
events cost. :mod:`.profile` loads and lists profiles; :mod:`.check` says
everything that is wrong with a malformed one. Adding a board is adding a file
here, or an entry point in the group ``pynn_greenmorph.boards``.
"""
