"""Each check by name; `.ci/run` runs all that must be green."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "venv"


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and the direction of imports."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def peers(session: nox.Session) -> None:
    """Comparisons with other simulators; a missing one fails."""
    session.install("-e", ".[test,peers]")
    session.run("pytest", "--peers", "-m", "peer", *session.posargs)


@nox.session
def jitless(session: nox.Session) -> None:
    """Run kernels as plain Python, with bounds checks of NumPy."""
    session.install("-e", ".[test]")
    session.run("pytest", "-m", "not slow", *session.posargs, env={"NUMBA_DISABLE_JIT": "1"})


@nox.session
def lowest(session: nox.Session) -> None:
    """Try the floors that setup.cfg declares, with uv, which can resolve downwards."""
    session.install("uv")
    session.run("uv", "pip", "install", "--resolution", "lowest-direct", "-e", ".[test]")
    session.run("pytest", "-m", "not slow", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-n", "-W", "--keep-going", "docs", "docs/_build")
    session.run("python", "docs/make_readme.py", "--check")


@nox.session
def wheel(session: nox.Session) -> None:
    session.install("build", "twine", "check-wheel-contents")
    dist = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", dist)
    session.run("bash", "-c", f"twine check --strict {dist}/* && check-wheel-contents {dist}/*.whl")
