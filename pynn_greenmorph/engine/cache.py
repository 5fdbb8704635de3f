"""Where generated source files and their machine code are kept.

Machine code must not lie beside the installed package: an uninstall would
leave it behind, and the package's folder is often read-only.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

__all__ = ["kernel_folder"]


def _candidates() -> list[Path]:
    folders = []
    if os.environ.get("NUMBA_CACHE_DIR"):
        folders.append(Path(os.environ["NUMBA_CACHE_DIR"]) / "pynn_greenmorph")
    folders.append(Path(platformdirs.user_cache_dir("pynn_greenmorph")) / "kernels")
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folders.append(Path(tempfile.gettempdir()) / f"pynn_greenmorph-{user}" / "kernels")
    return folders


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Only a real write tells: permission bits do not, for root or on
        # read-only file systems. A folder of somebody else is not trusted,
        # because the files in it are executed.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return False
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


@cache
def kernel_folder() -> Path:
    """Return the writable folder for generated kernels.

    The first usable of: ``$NUMBA_CACHE_DIR/pynn_greenmorph``, the user's cache
    folder, a folder of this user in the system's temporary folder, a fresh
    temporary folder.

    Returns
    -------
    pathlib.Path
    """
    for folder in _candidates():
        if _usable(folder):
            return folder
    return Path(tempfile.mkdtemp(prefix="pynn_greenmorph-"))
