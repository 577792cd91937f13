"""From a folder of submissions to the answers in them: what is read, whose it is, and what is told."""
