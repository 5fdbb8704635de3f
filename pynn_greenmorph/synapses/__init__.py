"""Synapse types, one file each; a file holds a ``MODEL`` (``registry.SynapseModel``)."""
