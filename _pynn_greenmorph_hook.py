"""Makes ``pyNN.greenmorph`` the very module object ``pynn_greenmorph``.

PyNN finds a backend only as ``pyNN.<name>`` and looks at no entry point.
Instead of writing into PyNN's folder, this module adds a finder to
``sys.meta_path``. ``pynn_greenmorph.pth`` runs :func:`install` at every start of
Python; therefore this file imports nothing until somebody asks for
``pyNN.greenmorph``, not even ``__future__``, and stands outside the package,
whose ``__init__`` would run too. ``import pynn_greenmorph`` installs the finder
as well, for places where Python reads no ``.pth`` files.
"""

import sys

TYPE_CHECKING = False  # typing's own would be an import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["install"]

ALIAS = "pyNN.greenmorph"
REAL = "pynn_greenmorph"


class _Loader:
    """Hands out the real module under its second name."""

    def __init__(self, real: str) -> None:
        self._real = real
        self._saved: dict[str, object] = {}

    def create_module(self, spec: "ModuleSpec") -> "ModuleType":
        """Return the real module, and remember what import is about to overwrite."""
        import importlib

        module = importlib.import_module(self._real)
        names = ("__name__", "__package__", "__loader__", "__spec__")
        self._saved = {name: getattr(module, name) for name in names}
        return module

    def exec_module(self, module: "ModuleType") -> None:
        """Run nothing; restore the real name's attributes, which reload and pickle look at."""
        for name, value in self._saved.items():
            setattr(module, name, value)


class _Finder:
    """Finds ``pyNN.greenmorph``, and after that the modules below it."""

    @classmethod
    def find_spec(
        cls,
        fullname: str,
        path: "Sequence[str] | None" = None,
        target: "ModuleType | None" = None,
    ) -> "ModuleSpec | None":
        """Return a spec for the alias, or None for every other name."""
        if fullname != ALIAS and not fullname.startswith(ALIAS + "."):
            return None
        import importlib.machinery
        import importlib.util

        real = REAL + fullname[len(ALIAS) :]
        if importlib.util.find_spec(real) is None:
            return None
        # The package has a __path__, so Python's own finder would load a second copy of
        # each module below it: from now on this finder must be asked first.
        if sys.meta_path[0] is not cls:
            sys.meta_path.remove(cls)
            sys.meta_path.insert(0, cls)
        # Not a subclass of importlib.abc.Loader: that would be an import at every start.
        return importlib.machinery.ModuleSpec(fullname, _Loader(real))  # type: ignore[arg-type]


def install() -> None:
    """Add the finder, once, behind all others: a ``pyNN/greenmorph`` of PyNN's own would win."""
    if _Finder not in sys.meta_path:
        sys.meta_path.append(_Finder)
