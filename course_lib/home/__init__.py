"""The course at a learner's own desk: working copies, self-checks, progress, and whether all is installed."""
