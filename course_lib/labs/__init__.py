"""One file a lab: the charts that its notebook draws of the learner's answers."""
