"""Where learners' code runs: the walls, the processes behind them and the pipe between."""
