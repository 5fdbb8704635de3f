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
@click.option("--boundary", metavar="NAME", help="What the board's power includes, e.g. board_dc.")
@click.option("--report", metavar="FILE", help="Write the energy report to this file, as JSON.")
@click.option("--as", "simulator", metavar="NAME", help="Redirect only this simulator, e.g. nest.")
@click.pass_context
def _run(
    context: click.Context,
    script: str,
    arguments: tuple[str, ...],
    board: str | None,
    boundary: str | None,
    report: str | None,
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

    context.exit(run_command(script, arguments, board, boundary, report, simulator))


def _options(context: click.Context) -> list[str]:
    return [name for parameter in context.command.params for name in parameter.opts]


@main.group("boards", invoke_without_command=True)
@click.pass_context
def _boards(context: click.Context) -> None:
    """List the boards, or show the numbers of one."""
    if context.invoked_subcommand is None:
        from .boards import list_command

        list_command()


@_boards.command("show")
@click.argument("name")
def _show(name: str) -> None:
    """Show every number of board NAME with its unit and source."""
    from .boards import show_command

    show_command(name)


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
