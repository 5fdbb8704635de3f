"""The engine: network tables in, spike log, samples and counts out.

``simulation`` holds the state of one network and is what the front end talks
to. ``generate`` turns plain-Python text into cached machine code, ``tables``
lays the network out as typed arrays, ``delivery`` and ``loop`` are the
model-independent run loop. Numba is imported on the first run, never before.
"""
