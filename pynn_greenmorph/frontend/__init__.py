"""The PyNN face: the only folder that imports pyNN, neo, quantities and lazyarray.

PyNN's own classes do what is common to all backends; this folder turns their
lazy values into the columns of the network tables, and samples and spikes into
Neo. Importing it does not import Numba.
"""
