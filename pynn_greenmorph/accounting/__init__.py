"""From exact counts to joules, carbon and reports.

:mod:`.ledger` holds the counts, :mod:`.pricing` multiplies them with a board's
costs, :mod:`.report` is the one object that users meet, with all its formats,
and :mod:`.nature` is the NATURE metric.
"""
