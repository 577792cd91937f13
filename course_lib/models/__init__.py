"""Vectorised models, one failure mode a file. Pure numpy."""
