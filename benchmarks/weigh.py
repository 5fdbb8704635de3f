"""Run a program; write its wall time (s) and peak memory (bytes) to a file.

``python weigh.py usage.json ./program``. Imports nothing big: Linux counts what
the parent had in memory when it started the child.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

began = time.perf_counter()
status = subprocess.call(sys.argv[2:])
wall_s = time.perf_counter() - began
peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
with open(sys.argv[1], "w") as file:  # noqa: PTH123 - pathlib is not loaded, see above
    json.dump({"wall_s": wall_s, "peak_bytes": peak_bytes}, file)
sys.exit(status)
