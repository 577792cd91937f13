"""Recall across lessons: cards of what was learnt, that come back when they are about to be forgotten.

Cards are the folded questions of the lessons a learner has begun, predictions of theirs that missed, and failures to be
named from four charts. What is due when, and what was answered, lies in ``.course/recall.json`` on their machine alone.
"""
