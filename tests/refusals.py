"""A process that the system refuses something, as full disks and network file systems do.

Importing nothing of ours, this file also runs alone: ``python refusals.py CALL ERROR script.py``
runs a script to which a system call fails. Root is refused as anybody else is.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import runpy
import struct
import sys

#: Number of the audit architecture, then of each system call, by machine.
_MACHINES = {
    "x86_64": (0xC000003E, {"fcntl": 72, "write": 1, "pwrite": 18}),
    "aarch64": (0xC00000B7, {"fcntl": 25, "write": 64, "pwrite": 68}),
}

_SET_LOCK = 6

_NO_NEW_PRIVILEGES, _SECCOMP, _DROP_CAPABILITY = 38, 22, 24
_LOAD, _EQUAL, _GREATER, _RETURN = 0x20, 0x15, 0x25, 0x06
_ARCHITECTURE, _NUMBER, _FIRST, _SECOND = 4, 0, 16, 24  # places in what a filter sees of a call


def _prctl(*arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(*arguments) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def refuse(call: str, error: str) -> None:
    """Let a system call of this process fail from now on.

    Parameters
    ----------
    call : {"lock", "write"}
        Locking a part of a file, or writing to anything but the standard streams.
    error : str
        Name in ``errno``.
    """
    architecture, numbers = _MACHINES[platform.machine()]
    failing = (_RETURN, 0, 0, 0x00050000 | getattr(errno, error))
    allowed = (_RETURN, 0, 0, 0x7FFF0000)
    # Of each check that holds the first number says how many to leave out, else the second one.
    checks = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), allowed]
    if call == "lock":
        checks += [(_LOAD, 0, 0, _NUMBER), (_EQUAL, 1, 0, numbers["fcntl"]), allowed]
        checks += [(_LOAD, 0, 0, _SECOND), (_EQUAL, 1, 0, _SET_LOCK), allowed, failing]
    else:
        checks += [(_LOAD, 0, 0, _NUMBER), (_EQUAL, 0, 1, numbers["pwrite"]), failing]
        checks += [(_EQUAL, 1, 0, numbers["write"]), allowed]
        # What it has to say can still be printed.
        checks += [(_LOAD, 0, 0, _FIRST), (_GREATER, 1, 0, 2), allowed, failing]
    program = b"".join(struct.pack("HBBI", *check) for check in checks)
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    _prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _prctl(_SECCOMP, 2, ctypes.byref(Program(len(checks), ctypes.addressof(buffer))), 0, 0)


def give_up_rights_of_root() -> None:
    """Let permissions of files hold for the programs that this process starts."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        try:
            _prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
        except OSError as error:
            if error.errno != errno.EPERM:  # who is not root has none
                raise


if __name__ == "__main__":
    _, call_name, error_name, script, *sys.argv[1:] = sys.argv
    refuse(call_name, error_name)
    runpy.run_path(script, run_name="__main__")
