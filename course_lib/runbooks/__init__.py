"""Runbooks: one page a failure mode, for people and for a reader who carries out what is written and nothing else."""
