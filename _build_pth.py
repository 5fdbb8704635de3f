"""Build helper: carries ``pynn_greenmorph.pth`` into wheels and editable installs.

setuptools has no key for a ``.pth`` file, so ``setup.cfg`` names these two
commands in ``cmdclass`` instead of a ``setup.py``. The ``.pth`` file starts the
hook that makes ``pyNN.greenmorph`` importable.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from setuptools.command.build_py import build_py as _build_py
from setuptools.command.editable_wheel import editable_wheel as _editable_wheel

__all__ = ["build_py", "editable_wheel"]

PTH = "pynn_greenmorph.pth"


class build_py(_build_py):  # noqa: N801 - setuptools names commands so
    """Copy the ``.pth`` file beside the modules, so that a wheel holds it."""

    def run(self) -> None:
        """Build the modules, then copy the file (an editable build has no such folder)."""
        super().run()
        if not self.editable_mode:
            self.copy_file(PTH, str(Path(self.build_lib, PTH)), preserve_mode=False)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return what is built, with the ``.pth`` file."""
        outputs: list[str] = list(super().get_outputs(include_bytecode))
        return outputs if self.editable_mode else [*outputs, str(Path(self.build_lib, PTH))]

    def get_source_files(self) -> list[str]:
        """Return what goes into the source distribution, with both build files."""
        return [*super().get_source_files(), PTH, "_build_pth.py"]


class _WithPth:
    """An editable strategy of setuptools that also writes the ``.pth`` file."""

    def __init__(self, strategy: Any) -> None:
        self._strategy = strategy

    def __call__(self, wheel: Any, files: list[str], mapping: dict[str, str]) -> None:
        self._strategy(wheel, files, mapping)
        wheel.writestr(PTH, Path(PTH).read_text(encoding="utf-8"))

    def __enter__(self) -> _WithPth:
        self._strategy.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        return self._strategy.__exit__(kind, value, trace)


class editable_wheel(_editable_wheel):  # noqa: N801
    """Add the ``.pth`` file to an editable install.

    ``_select_strategy`` is private to setuptools and the only place where the
    editable wheel can still be written to. The floor of setuptools in
    ``pyproject.toml`` and ``tests/unit/test_packaging.py`` guard it.
    """

    def _select_strategy(self, name: str, tag: str, build_lib: Any) -> Any:
        return _WithPth(super()._select_strategy(name, tag, build_lib))
