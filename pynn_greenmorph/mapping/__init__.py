"""Network x board -> where things go: placement by neurons per core."""
