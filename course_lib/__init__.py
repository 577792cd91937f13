"""Twelve ways distributed systems fail: models, lessons' machinery, checks and grading.

Importing the package costs nothing: each part is imported where it is used.
"""

__version__ = "1.0.0"
