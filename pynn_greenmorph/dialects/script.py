"""Run a script as ``python script.py arguments`` would, and say how it ended.

The script is checked before anything runs. Nothing is printed here: the caller
shows the error in the :class:`Outcome`, which no longer holds our own frames.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType

from ..errors import GreenmorphError, explain
from ..frontend.termination import TERMINATED, Terminated
from .simulators import Selection, may_select_others, selections

__all__ = ["Outcome", "Script", "ScriptError", "load_script", "run_script"]

#: What shells report for a program that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130


class ScriptError(GreenmorphError):
    """A script does not exist or cannot be read."""


@dataclass(frozen=True)
class Script:
    """A script that is ready to run.

    Attributes
    ----------
    name : str
        Its path as the user gave it.
    path : pathlib.Path
        Its absolute path.
    code : code object
        The compiled text.
    selections : tuple of Selection
        The simulators that it imports whatever happens.
    selects_others : bool
        Whether it may import others, too, as it runs.
    """

    name: str
    path: Path
    code: CodeType
    selections: tuple[Selection, ...]
    selects_others: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a script ended.

    Attributes
    ----------
    status : int
        The exit status that Python itself would have given.
    error : BaseException or None
        What ended the script early; its traceback starts in the script.
    message : str
        What ``sys.exit("message")`` is to print to stderr.
    """

    status: int = 0
    error: BaseException | None = None
    message: str = ""


def load_script(name: str) -> Script:
    """Read and compile a script.

    Parameters
    ----------
    name : str
        Path of the script.

    Returns
    -------
    Script

    Raises
    ------
    ScriptError
        If there is no such file, or it cannot be read.
    SyntaxError
        If it does not compile; names the file and the line.
    """
    try:
        # Not resolve(): Python shows a link's own name, not what it points to.
        path = Path(name).absolute()
        source = path.read_bytes()
    except FileNotFoundError:
        raise ScriptError(
            explain(f"the script {name!r} does not exist", given=str(Path(name).absolute()))
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScriptError(f"the script {name!r} cannot be read: {reason}.") from None
    try:
        tree = ast.parse(source, str(path))
        code = compile(tree, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        if getattr(error, "filename", None):
            raise
        # A file with null bytes is not even read line by line.
        raise SyntaxError(str(error), (str(path), 1, None, None)) from None
    return Script(name, path, code, tuple(selections(tree)), may_select_others(tree))


def run_script(script: Script, arguments: Sequence[str]) -> Outcome:
    """Run a script as ``__main__`` with its arguments in ``sys.argv``.

    Parameters
    ----------
    script : Script
        From :func:`load_script`.
    arguments : sequence of str
        What follows the script's name in ``sys.argv``.

    Returns
    -------
    Outcome
        The script's own exit status, and the exception that ended it.
    """
    with _as_main(script, arguments) as module:
        try:
            exec(script.code, module.__dict__)
        except Terminated as error:
            return Outcome(TERMINATED, _without_our_frames(error))
        except SystemExit as error:
            return _exited(error)
        except KeyboardInterrupt as error:
            return Outcome(INTERRUPTED, _without_our_frames(error))
        except BaseException as error:
            return Outcome(1, _without_our_frames(error))
    return Outcome()


@contextmanager
def _as_main(script: Script, arguments: Sequence[str]) -> Iterator[ModuleType]:
    """Set up ``__main__``, ``sys.argv`` and ``sys.path`` for a script, and restore them."""
    module = ModuleType("__main__")
    path = str(script.path)
    module.__file__ = path
    module.__loader__ = SourceFileLoader("__main__", path)
    module.__dict__.update(__builtins__=builtins, __cached__=None)
    saved = sys.modules["__main__"], sys.argv, sys.path[:], sys.stdout, sys.stderr
    # In sys.modules, because pickle looks there for what the script defines.
    sys.modules["__main__"] = module
    sys.argv = [script.name, *arguments]
    if not sys.flags.safe_path:
        sys.path[0:1] = [str(script.path.resolve().parent)]
    try:
        yield module
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:], sys.stdout, sys.stderr = saved


def _exited(error: SystemExit) -> Outcome:
    """Translate ``sys.exit(code)`` as Python does at its end."""
    if error.code is None:
        return Outcome()
    if isinstance(error.code, int):
        return Outcome(int(error.code))
    return Outcome(1, message=str(error.code))


def _without_our_frames(error: BaseException) -> BaseException:
    """Shorten a traceback to what the user would see without us.

    The frames of this folder go (they start the script and redirect its
    imports), and those of the import system between them, as Python itself
    hides them.
    """
    folder = str(Path(__file__).parent)
    kept: list[TracebackType] = []
    entry = error.__traceback__
    while entry is not None:
        file = entry.tb_frame.f_code.co_filename
        if not file.startswith((folder, "<frozen importlib")):
            kept.append(entry)
        entry = entry.tb_next
    shortened: TracebackType | None = None
    for entry in reversed(kept):
        shortened = TracebackType(shortened, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return error.with_traceback(shortened)
