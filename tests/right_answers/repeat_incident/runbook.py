"""Right answers to `runbook` of another style than the solution's."""

import numpy as np

BOUNDED = """# A queue that is too long

Meaning: workers are busy with orders that nobody waits for any more.

Impact: confirmations come too late.

## How it looks
- `when oldest_age > THRESHOLD s for 30 s`

## Immediate actions
1. `do more_consumers as platform` and at the same time
   `do expire as queue team`

## How to know it worked
2. `verify oldest_age < LIMIT s for 1 min within 12 min` `else stop`

## Recovery
3. `verify error_ratio < 5 % for 1 min within 10 min` `else stop`

## Afterwards
- Ask marketing when the next offer goes out.

## Security check
- Nothing that one sender could have done alone.
"""


def more_workers_first(deadline):
    """Workers, then the late ones; another threshold; by replacement."""
    text = BOUNDED.replace("THRESHOLD", f"{0.55 * deadline:.1f}").replace("LIMIT", f"{1.05 * deadline:.1f}")
    return np.array(list(text.encode()))


def the_late_alone(deadline):
    """Drops what is late, and nothing else; from a list of lines."""
    lines = [
        "# Late orders", "", "Meaning: orders wait behind those that are late.", "", "Impact: buyers order twice.", "",
        "## How it looks", f"- `when oldest_age > {deadline * 0.5:.2f} s for 10 s`", "",
        "## Immediate actions", "1. `do expire as queue team`", "",
        "## How to know it worked",
        f"2. `verify oldest_age < {deadline * 1.1:.2f} s for 1 min within 5 min` `else stop`",
        "", "## Recovery", "3. `verify error_ratio < 5 % for 1 min within 11 min` `else stop`", "",
        "## Afterwards", "- Write to those who ordered late.", "", "## Security check", "- None.",
    ]  # fmt: skip
    return np.array([ord(letter) for letter in "\n".join(lines)])
