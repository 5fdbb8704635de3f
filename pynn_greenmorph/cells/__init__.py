"""Cell types, one file each.

A file holds a ``MODEL`` (:class:`pynn_greenmorph.registry.CellModel`): PyNN's
parameters, the state, what can be recorded, and a plain-Python ``step`` of
scalars. ``docs/how-to/add_a_cell`` walks through one. Modules whose name
begins with an underscore hold what several cell types share.
"""
