"""Rules for retry storms."""

from course_lib.detect.rule import Rule

ATTEMPTS_PER_REQUEST = Rule(
    signal="amplification",
    above=1.1,
    window=10.0,
    hold=60.0,
    says="clients send more than 1.1 attempts per request: look for a retry storm before adding capacity",
)
"""Ratio beats level: the attempt rate rises with honest traffic, too."""

ATTEMPT_RATE = Rule(
    signal="attempt_rate",
    above=1200.0,
    window=10.0,
    hold=60.0,
    says="more traffic than the service can take: scale out",
)
"""The classic false reading: the same picture, taken for growth."""
