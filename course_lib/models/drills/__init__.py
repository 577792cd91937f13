"""The labs' own models, smaller than the lessons' and open to a learner's policy."""
