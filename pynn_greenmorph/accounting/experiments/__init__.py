"""The ledger of experiments: every attempt of a study, in one SQLite file."""
