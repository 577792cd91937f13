"""The picture at the top of the README: ``make picture`` writes it."""

from __future__ import annotations

import sys
from pathlib import Path

from course_lib.lessons import retry_storm


def main(arguments: list[str]) -> int:
    """Write the default picture of lesson 01 to the file named, or to ``docs/retry_storm.png``."""
    path = Path(arguments[0] if arguments else "docs/retry_storm.png")
    if not path.parent.is_dir():
        print(f"{path.parent} is not a folder: run this in the course's root, or name another file", file=sys.stderr)
        return 2
    path.write_bytes(retry_storm.before_after().png())
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
