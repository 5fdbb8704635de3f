"""What scripts written for another simulator need in order to run here unchanged.

:mod:`.simulators` lists what scripts select, :mod:`.redirect` makes the one
that a script selects this package, :mod:`.script` runs a script as Python
itself would. What a dialect calls beyond
PyNN gets a module of its own beside them.
"""
