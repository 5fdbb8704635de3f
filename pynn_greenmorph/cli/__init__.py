"""The command ``greenmorph``: reads options and hands over to one module per subcommand.

Exit status: 0 if all went well, 2 if the command itself was wrong (an unknown
board, a report that cannot be written), 1 if the script was (it does not
compile, selects two simulators or raises). Otherwise ``greenmorph run`` ends
with the script's own status.

The modules are imported when a subcommand is called, so that ``greenmorph
boards`` needs neither PyNN nor Numba. Here, and nowhere else in the package,
is printed; always with ``click.echo``.
"""

from __future__ import annotations

from typing import Any

import click

from .. import __version__

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["--help"]})
@click.version_option(__version__, prog_name="greenmorph")
def main() -> None:
    """Run PyNN models and see what they would cost on neuromorphic boards."""


# Unknown options belong to the script: "run VAbenchmarks.py nest CUBA --use-views" needs no "--".
@main.command("run", context_settings={"ignore_unknown_options": True})
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--board", metavar="NAME", help="Run on this board, whatever the script says.")
@click.option(
    "--board-file", metavar="FILE", help="Run on the board of this profile, a .toml file."
)
@click.option("--boundary", metavar="NAME", help="What the board's power includes, e.g. board_dc.")
@click.option("--report", metavar="FILE", help="Write the energy report to this file, as JSON.")
@click.option("--ledger", metavar="FILE", help="Record this run in a ledger of experiments.")
@click.option("--as", "simulator", metavar="NAME", help="Redirect only this simulator, e.g. nest.")
@click.pass_context
def _run(
    context: click.Context,
    script: str,
    arguments: tuple[str, ...],
    board: str | None,
    board_file: str | None,
    boundary: str | None,
    report: str | None,
    ledger: str | None,
    simulator: str | None,
) -> None:
    """Run SCRIPT unchanged and say what it would cost.

    The simulator that SCRIPT selects (pyNN.nest, pyNN.neuron, ...) is
    replaced by pynn_greenmorph, and a header says so. ARGUMENTS are handed to
    SCRIPT; write "--" before them if one is also an option of this command.
    """
    if script.startswith("-"):
        raise click.NoSuchOption(script, possibilities=_options(context), ctx=context)
    from .run import run_command

    if board_file is not None:
        from .boards import board_from_file

        board = board_from_file(board_file, board)
    context.exit(run_command(script, arguments, board, boundary, report, simulator, ledger))


def _options(context: click.Context) -> list[str]:
    return [name for parameter in context.command.params for name in parameter.opts]


@main.group("boards", invoke_without_command=True)
@click.pass_context
def _boards(context: click.Context) -> None:
    """List the boards and comparators, show the numbers of one, or check a file."""
    if context.invoked_subcommand is None:
        from .boards import list_command

        list_command()


@_boards.command("show")
@click.argument("name")
def _show(name: str) -> None:
    """Show every number of board, comparator or profile file NAME with its unit and source."""
    from .boards import show_command

    show_command(name)


@_boards.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
def _check(file: str) -> None:
    """Say everything that is wrong with a profile of your own."""
    from .boards import check_command

    check_command(file)


@main.command("report")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "format_", metavar="NAME", default="text", show_default=True)
@click.option("--output", metavar="FILE", help="Write to this file instead of the terminal.")
@click.option("--country", metavar="CODE", help="Where the study runs, e.g. DEU.")
@click.option("--region", metavar="NAME", help="US state (with --country USA) or cloud region.")
@click.option("--year", type=int, help="Year that the carbon intensity must be of.")
@click.option("--intensity", type=float, help="Carbon intensity in gCO2e/kWh, not a place.")
@click.option("--pue", type=float, help="Power usage effectiveness, a ratio from 1 to 3.")
@click.option("--loss", type=float, help="Loss of the grid, a fraction: 0.05 is 5 percent.")
@click.option("--pue-rel-std", type=float, help="Relative standard deviation of the PUE.")
@click.option("--loss-rel-std", type=float, help="Relative standard deviation of the loss.")
@click.option("--intensity-rel-std", type=float, help="The same of the carbon intensity.")
@click.option("--overhead-s", type=float, help="Fixed time of an attempt that recorded none.")
@click.option("--overhead-j", type=float, help="Fixed energy of an attempt that recorded none.")
@click.option("--embodied-kg", type=float, help="Carbon of making the hardware, kgCO2e.")
@click.option("--lifetime-years", type=float, help="How long the hardware is used.")
@click.option("--resource-share", type=float, help="Share of the hardware that is reserved.")
@click.option("--unit", metavar="NAME", help="Functional unit of the SCI, e.g. image.")
@click.option("--count", type=float, help="Functional units in the whole study.")
@click.option("--readings", is_flag=True, help="Show other readings of the formula beside ours.")
@click.pass_context
def _report(
    context: click.Context,
    /,
    files: tuple[str, ...],
    format_: str,
    output: str | None,
    **study: Any,
) -> None:
    """Show NATURE of the study in a ledger, or a report in another format.

    FILE is a ledger of experiments, several ledgers of one study (of several
    hosts), or one report that was written as JSON. All options but --format
    and --output are for ledgers.
    """
    from .report import report_command

    given = {
        name: value for name, value in study.items() if value is not None and value is not False
    }
    context.exit(report_command(files, format_, output, given))


@main.command("doctor")
@click.pass_context
def _doctor(context: click.Context) -> None:
    """Check this installation, and say what to do about each problem."""
    from .doctor import doctor_command

    context.exit(doctor_command())


@main.command("warmup")
@click.option("--fast", is_flag=True, help="Compile for setup(precision='fast'), not 'exact'.")
@click.pass_context
def _warmup(context: click.Context, fast: bool) -> None:
    """Compile all kernels now, so that no later run waits for it."""
    from .warmup import warmup_command

    context.exit(warmup_command("fast" if fast else "exact"))


@main.command("validate-energy")
@click.option("--cases", metavar="FILE", help="Cases of your own, as a .toml file.")
@click.pass_context
def _validate_energy(context: click.Context, cases: str | None) -> None:
    """Compare published measurements with what the shipped profiles predict.

    Ends with status 1 if a case that is judged is not within 15 % on its
    dynamic part.
    """
    from .validate_energy import validate_command

    context.exit(validate_command(cases))
