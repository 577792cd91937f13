"""Grade a class: intake → transplant → sandbox → verdict → gradebook.

The trusted side (`judging`, `sandbox`, `schedulers`, `command`) owns checks, models, seeds and the key, and never runs
a line of learners' code, nor parses one. The far side (`zygote`, `runner`, `isolation`) reads answers, holds them and
answers calls. What passes between the two is in `frames`.
"""

import sys

# jsonschema, which nbformat needs, tries these optional imports; the grammar of one takes a second to build, and
# nothing here uses either.
for name in ("rfc3987_syntax", "isoduration"):
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]
