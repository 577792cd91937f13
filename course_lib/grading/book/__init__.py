"""What is kept: the journal of verdicts, and the policy that turns them into marks."""
