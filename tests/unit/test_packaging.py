"""The built package in fresh virtual environments: every way to install and import it.

One environment holds the dependencies; the others are hard-linked copies of
it, so that pip really installs into each, at the price of one download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(600)]

IMPORTS = """
import sys
import pyNN, pyNN.greenmorph as sim, pyNN.greenmorph.frontend.state
import pynn_greenmorph, pynn_greenmorph.frontend.state
assert sim is pynn_greenmorph is pyNN.greenmorph is sys.modules["pyNN.greenmorph"]
assert pyNN.greenmorph.frontend.state is pynn_greenmorph.frontend.state
assert "numba" not in sys.modules, "the name space must not need Numba"
from pyNN.greenmorph import *
for name in "setup run end set Population Projection NumpyRNG errors random".split():
    assert name in globals(), name
assert errors.ConnectionError is pyNN.errors.ConnectionError
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and how to run things in it, far from the checkout."""

    prefix: Path

    def run(self, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return subprocess.run(
            [self.prefix / "bin" / command[0], *command[1:]],
            cwd=self.prefix,
            env={**env, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def python(self, code: str, *flags: str, **variables: str) -> str:
        """Run code; it must succeed and say nothing on stderr."""
        result = self.run("python", *flags, "-c", code, **variables)
        assert result.returncode == 0, result.stderr
        assert not result.stderr
        return result.stdout.strip()

    def pip(self, *arguments: str | Path) -> None:
        result = self.run("python", "-m", "pip", "--disable-pip-version-check", *arguments)
        assert result.returncode == 0, result.stdout + result.stderr

    def clone(self, prefix: Path) -> Environment:
        shutil.copytree(self.prefix, prefix, symlinks=True, copy_function=os.link)
        return Environment(prefix)

    def files(self) -> set[Path]:
        return {
            path.relative_to(self.prefix)
            for path in self.prefix.rglob("*")
            if "__pycache__" not in path.parts or "greenmorph" in path.name
        }

    @property
    def site_packages(self) -> Path:
        return Path(self.python("import sysconfig; print(sysconfig.get_path('purelib'))"))


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what is needed to build, so that building leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "pynn_greenmorph.pth"):
        shutil.copy(ROOT / name, copy)
    for path in ROOT.glob("_*.py"):
        shutil.copy(path, copy)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "pynn_greenmorph", copy / "pynn_greenmorph", ignore=ignore)
    return copy


@pytest.fixture(scope="session")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Make a fresh environment; ``bare`` adds the wheel's dependencies to it."""
    prefix = tmp_path_factory.mktemp("environments") / "bare"
    subprocess.run([sys.executable, "-m", "venv", prefix], check=True)
    return Environment(prefix)


@pytest.fixture(scope="session")
def wheel(source: Path, venv: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    venv.pip("wheel", "--no-deps", "--wheel-dir", folder, source)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def bare(venv: Environment, wheel: Path) -> Environment:
    """The environment with all dependencies and without the package."""
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    needs = [need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need]
    venv.pip("install", *needs)
    return venv


@pytest.fixture(scope="session")
def installed(bare: Environment, wheel: Path) -> Environment:
    """The environment with the wheel; tests only read it."""
    environment = bare.clone(bare.prefix.with_name("installed"))
    environment.pip("install", "--no-deps", wheel)
    return environment


@pytest.fixture
def fresh(bare: Environment, tmp_path: Path) -> Environment:
    """A copy of ``bare`` that a test may change."""
    return bare.clone(tmp_path / "environment")


def test_wheel_holds_the_package_and_nothing_else(wheel: Path, source: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert top == {"pynn_greenmorph", "_pynn_greenmorph_hook.py", "pynn_greenmorph.pth"}
    inside = {path.relative_to(source).as_posix() for path in source.glob("pynn_greenmorph/**/*.*")}
    shipped = {name for name in names if name.startswith("pynn_greenmorph/")}
    assert {name for name in inside if "__pycache__" not in name} == shipped


@pytest.mark.parametrize("flags", [(), ("-I",)])
def test_imports_from_the_wheel(installed: Environment, flags: tuple[str, ...]) -> None:
    installed.python(IMPORTS, *flags)


def test_pynn_can_be_reinstalled(fresh: Environment, wheel: Path) -> None:
    fresh.pip("install", "--no-deps", wheel)
    fresh.pip("install", "--force-reinstall", "--no-deps", "pynn")
    fresh.python(IMPORTS)


def test_editable_install_and_uninstall(fresh: Environment, source: Path) -> None:
    before = fresh.files()
    fresh.pip("install", "--no-deps", "--editable", source)
    fresh.python(IMPORTS)
    fresh.python(IMPORTS, "-I")
    where = fresh.python("import pyNN.greenmorph as sim; print(sim.__file__)")
    assert where == str(source / "pynn_greenmorph" / "__init__.py")
    fresh.pip("uninstall", "--yes", "pynn_greenmorph")
    assert fresh.files() == before


def test_uninstall_leaves_no_file(fresh: Environment, wheel: Path) -> None:
    before = fresh.files()
    fresh.pip("install", "--no-deps", wheel)
    fresh.python(IMPORTS)
    fresh.pip("uninstall", "--yes", "pynn_greenmorph")
    assert fresh.files() == before
    result = fresh.run("python", "-c", "import pyNN.greenmorph")
    assert "No module named 'pyNN.greenmorph'" in result.stderr


def test_without_pynn_it_is_pynn_that_is_missing(fresh: Environment, wheel: Path) -> None:
    fresh.pip("install", "--no-deps", wheel)
    fresh.pip("uninstall", "--yes", "pynn")
    fresh.python("import pynn_greenmorph.registry")
    result = fresh.run("python", "-c", "import pyNN.greenmorph")
    assert result.stderr.endswith("ModuleNotFoundError: No module named 'pyNN'\n")


def test_target_folder_on_the_path(fresh: Environment, wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    fresh.pip("install", "--no-deps", "--target", target, wheel)
    fresh.python("import pynn_greenmorph" + IMPORTS, PYTHONPATH=str(target))


def test_zip_on_the_path(bare: Environment, wheel: Path) -> None:
    code = "import pynn_greenmorph as a, pyNN.greenmorph as b; assert a is b; a.errors, a.registry"
    bare.python(code, PYTHONPATH=str(wheel))


def test_registry_and_boards_need_neither_pynn_nor_numba(installed: Environment) -> None:
    code = (
        "import sys\nimport pynn_greenmorph.registry\n"
        "from pynn_greenmorph.cli import main\n"
        "sys.argv = ['greenmorph', 'boards']\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'pyNN', 'neo', 'quantities', 'lazyarray', 'numba', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    assert "spinnaker1_spinn5" in installed.python(code)


def test_console_script(installed: Environment) -> None:
    result = installed.run("greenmorph", "boards")
    assert result.returncode == 0, result.stderr
    assert "spinnaker1_spinn5" in result.stdout


@pytest.mark.parametrize("flags", [(), ("-I",)])
def test_hook_imports_nothing_at_start(
    bare: Environment, installed: Environment, flags: tuple[str, ...]
) -> None:
    code = "import sys; print(' '.join(sys.modules))"
    without, with_hook = (set(env.python(code, *flags).split()) for env in (bare, installed))
    assert with_hook - without == {"_pynn_greenmorph_hook"}


def test_hook_costs_little_at_start(installed: Environment) -> None:
    def cost_us() -> int:
        log = installed.run("python", "-X", "importtime", "-c", "").stderr
        (line,) = (line for line in log.splitlines() if "_pynn_greenmorph_hook" in line)
        return int(line.split("|")[1])

    # About 0.2 ms on an idle machine; the least of five, against noise.
    assert min(cost_us() for _ in range(5)) < 2000


def test_start_survives_a_missing_hook(fresh: Environment, wheel: Path) -> None:
    fresh.pip("install", "--no-deps", wheel)
    (fresh.site_packages / "_pynn_greenmorph_hook.py").unlink()
    assert fresh.python("print('started')") == "started"
    fresh.python("import pynn_greenmorph.registry")
