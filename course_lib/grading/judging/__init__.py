"""What a verdict is: seeds, judgement outside the sandbox, and nbval's comparison."""
