"""PyNN backend that reports the energy a model would cost on neuromorphic boards.

``import pyNN.greenmorph as sim`` and ``import pynn_greenmorph as sim`` give the
same module: PyNN's name space. It is loaded when a name of it is first asked
for, so that ``import pynn_greenmorph.registry`` needs neither PyNN nor Numba.
Submodules are attributes too (``pynn_greenmorph.registry``); where both have a
name, it is the submodule. That is only so for ``errors``, and
:mod:`pynn_greenmorph.errors` answers for PyNN's exceptions as well
(``sim.errors.ConnectionError``).
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from functools import lru_cache
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from . import errors as _errors

try:
    import _pynn_greenmorph_hook
except ImportError:  # the package's folder alone was copied: all but the alias works
    pass
else:
    _pynn_greenmorph_hook.install()

__version__ = "0.1.0"

_NAMESPACE = f"{__name__}.frontend.namespace"


def _pynn_error(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {_errors.__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("pyNN.errors"), name)


@lru_cache(maxsize=1)
def _submodules() -> frozenset[str]:
    return frozenset(module.name for module in iter_modules(__path__))  # noqa: F405


def _load() -> None:
    """Copy PyNN's name space into this module, except for names of submodules."""
    own = globals()
    if "__all__" in own:
        return
    space = importlib.import_module(_NAMESPACE)
    own.update({name: getattr(space, name) for name in space.__all__ if name not in _submodules()})
    own["__all__"] = list(space.__all__)


if TYPE_CHECKING:
    from .frontend.namespace import *  # noqa: F403
else:
    # PyNN's users catch sim.errors.X. A module is asked for __getattr__ (PEP 562) only after
    # its own names, so errors stays free of PyNN, and one module serves both readers.
    _errors.__getattr__ = _pynn_error

    def __getattr__(name: str) -> Any:
        if name in _submodules():
            return importlib.import_module(f"{__name__}.{name}")
        if name == "__all__" or not name.startswith("_"):
            _load()
            if name in globals():
                return globals()[name]
            raise importlib.import_module(_NAMESPACE).missing(name)
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])

    def __dir__() -> list[str]:
        with suppress(ImportError):  # without PyNN: what works without it
            _load()
        return sorted({*globals(), *_submodules()})
