"""Files as people, editors, converters and learning management systems really hand them in; every name is made up.

Each is the miniature course's lab with right answers in it, and one thing that befell it. What is not worth full marks
says what must be told, and what following that comes to: each mend takes the cells, names and lines from what is told.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nbformat
from grading import kit

Notebook = dict[str, Any]
#: The line names a command; the test runs it as printed, in the file's folder.
COMMAND = "command"


@dataclass(frozen=True)
class Innocent:
    """One file.

    Attributes
    ----------
    make : callable
        From the solved lab to the file: bytes, or a notebook.
    lost : tuple of str
        Tasks that earn nothing until the mend.
    told : str
        Words that learner and instructor must read; empty where nothing need be told.
    mend : callable or "command", optional
        Does to the file, of which it gets the bytes, what the words that were told say.
    name : str
    """

    make: Callable[[Notebook], bytes | Notebook]
    lost: tuple[str, ...] = ()
    told: str = ""
    mend: Callable[[bytes, str], bytes | Notebook] | str | None = None
    name: str = "01_kit.ipynb"


def solved(**answers: str) -> Notebook:
    """The lab with right answers, but for those given."""
    return json.loads(json.dumps(kit.submission(answers)))


def answered(**answers: str) -> Callable[[Notebook], Notebook]:
    """Other answers, as right as the usual ones."""
    return lambda _: solved(**answers)


def edited(change: Callable[[Notebook], object]) -> Callable[[Notebook], Notebook]:
    """A change in place."""

    def make(notebook: Notebook) -> Notebook:
        change(notebook)
        return notebook

    return make


def cell(notebook: Notebook, id_: str) -> Notebook:
    """The cell of an id."""
    return next(one for one in notebook["cells"] if one.get("id") == id_)


def place(notebook: Notebook, id_: str) -> int:
    """Where the cell of an id stands."""
    return notebook["cells"].index(cell(notebook, id_))


def coded(encoding: str, word: str = "café") -> Callable[[Notebook], bytes]:
    """In another encoding, with a letter beyond ASCII in the prose."""

    def make(notebook: Notebook) -> bytes:
        cell(notebook, "title")["source"] = f"# {word}"
        return json.dumps(notebook, ensure_ascii=False).encode(encoding)

    return make


def without_ids(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one.pop("id")
    notebook["nbformat_minor"] = 4


def numbered(notebook: Notebook) -> None:
    for number, one in enumerate(notebook["cells"]):
        one["id"] = str(number)
        if one["cell_type"] == "code":
            one.update(outputs=[], execution_count=None)


def renamed(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["id"] = uuid.uuid5(uuid.NAMESPACE_URL, one["id"]).hex[:8]


def of_colab(notebook: Notebook) -> None:
    for number, one in enumerate(notebook["cells"]):
        one["metadata"]["id"] = f"Xy{number}zzQ_abc"
        one.pop("id")
    notebook["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook["nbformat_minor"] = 0


def of_vs_code(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["metadata"]["vscode"] = {"languageId": "python"}
    notebook["metadata"] = {"language_info": {"name": "python"}, "orig_nbformat": 4}


def bare(notebook: Notebook) -> None:
    """As a converter to and from a script leaves it: no ids, no tags, no metadata."""
    for one in notebook["cells"]:
        one["metadata"] = {}
    without_ids(notebook)


def of_format_3(notebook: Notebook) -> Notebook:
    without_ids(notebook)
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            one["input"] = one.pop("source")
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": notebook["cells"]}]}


def of_deepnote(notebook: Notebook) -> None:
    for number, one in enumerate(notebook["cells"]):
        kind = one["cell_type"]
        one["metadata"] = {
            "cell_id": f"00{number}-ab",
            "deepnote_cell_type": kind,
            "source_hash": "ab",
            "execution_start": 1,
        }
    without_ids(notebook)
    notebook["metadata"] = {"deepnote": {}, "deepnote_notebook_id": "x"}


def of_kaggle(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["metadata"] |= {
            "_uuid": "8f2839",
            "_cell_guid": "b1",
            "trusted": True,
            "papermill": {"status": "completed"},
        }
    without_ids(notebook)


def of_databricks(notebook: Notebook) -> None:
    without_ids(notebook)
    for one in notebook["cells"]:
        one["metadata"] = {"application/vnd.databricks.v1+cell": {"title": "", "nuid": "x", "inputWidgets": {}}}


def with_worksheets(notebook: Notebook) -> Notebook:
    """As IPython wrote notebooks of format 3: headings, prompts, and outputs of other names."""
    cells = []
    for one in notebook["cells"]:
        source = one["source"].splitlines(keepends=True)
        if one["cell_type"] == "code":
            shown = [{"output_type": "pyout", "prompt_number": 1, "text": ["1"], "metadata": {}}]
            cells.append({"cell_type": "code", "language": "python", "collapsed": False, "prompt_number": 1,
                          "metadata": one["metadata"], "input": source, "outputs": shown})  # fmt: skip
        else:
            cells.append({"cell_type": "heading", "level": 1, "metadata": {}, "source": source})
    worksheets = [{"metadata": {}, "cells": cells}]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": worksheets}


def indented(by: int | str, line: str, encoding: str) -> Callable[[Notebook], bytes]:
    """The file's own text as other editors write it."""
    return lambda notebook: (json.dumps(notebook, indent=by) + "\n\n").replace("\n", line).encode(encoding)


def lines_of_windows(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["source"] = [line + "\r\n" for line in one["source"].split("\n")]


def with_output(output: Any) -> Callable[[Notebook], Notebook]:
    return edited(lambda notebook: cell(notebook, "unneeded").update(outputs=[output]))


def split(id_: str, at: int, second_keeps: bool = False) -> Callable[[Notebook], Notebook]:
    """An answer cell cut in two after a line, as the editor's command does: the tags go with both."""

    def change(notebook: Notebook) -> None:
        first, where = cell(notebook, id_), place(notebook, id_)
        lines = first["source"].splitlines(keepends=True)
        second = copy.deepcopy(first) | {"id": "2nd-half", "source": "".join(lines[at:])}
        first["source"] = "".join(lines[:at])
        if second_keeps:
            first["id"], second["id"] = second["id"], first["id"]
        notebook["cells"].insert(where + 1, second)

    return edited(change)


def merged(notebook: Notebook) -> None:
    """An answer cell and its check made one: the editor gives it the first one's tags and a new id."""
    where = place(notebook, "running-answer")
    first, second = notebook["cells"][where : where + 2]
    first.update(id="merged", source=first["source"] + "\n" + second["source"])
    del notebook["cells"][where + 1]


def copied(notebook: Notebook, **changes: Any) -> None:
    """A copy of an answer cell behind it."""
    twin = copy.deepcopy(cell(notebook, "double-answer")) | changes
    notebook["cells"].insert(place(notebook, "double-answer") + 1, twin)


def helper_outside(notebook: Notebook) -> None:
    helper = kit.code("mine", "def twice(x):\n    return 2 * x")
    notebook["cells"].insert(place(notebook, "double-answer"), json.loads(json.dumps(helper)))
    cell(notebook, "double-answer")["source"] = "def double(x):\n    return twice(x)"


def removed(notebook: Notebook, *ids: str) -> None:
    notebook["cells"] = [one for one in notebook["cells"] if one["id"] not in ids]


def answers_last(notebook: Notebook) -> None:
    answers = [one for one in notebook["cells"] if one["id"].endswith("-answer")]
    notebook["cells"] = [one for one in notebook["cells"] if one not in answers] + answers


def conflicted(notebook: Notebook) -> bytes:
    """Two versions of one line, as Git leaves them."""
    ours = '   "id": "title",\n'
    text = json.dumps(notebook, indent=1)
    assert ours in text
    both = f"<<<<<<< HEAD\n{ours}=======\n{ours.replace('title', 'heading')}>>>>>>> theirs\n"
    return text.replace(ours, both, 1).encode()


def many_cells(notebook: Notebook) -> None:
    scratch = json.loads(json.dumps(kit.code("x", "1")))
    notebook["cells"] += [scratch | {"id": f"scratch-{n}"} for n in range(500)]


# -- what the lines tell to do ----------------------------------------------------------------------------------------


def said(pattern: str, told: str) -> tuple[str, ...]:
    """What a line names."""
    found = re.search(pattern, told)
    assert found, f"{told!r} does not say {pattern!r}"
    return found.groups()


def one_left(file: bytes, told: str) -> Notebook:
    notebook, (_, twin) = json.loads(file), said(r"cells (\d+) and (\d+) differ .* delete all but one", told)
    del notebook["cells"][int(twin) - 1]
    return notebook


def set_back(file: bytes, told: str) -> Notebook:
    notebook, (number,) = json.loads(file), said(r"\(cell (\d+)\) is no longer code; set its type back to Code", told)
    notebook["cells"][int(number) - 1].update(cell_type="code", outputs=[], execution_count=None)
    return notebook


def moved_in(file: bytes, told: str) -> Notebook:
    notebook = json.loads(file)
    number, name = said(r"cell (\d+) is no answer cell .* use its (\w+): move it into them", told)
    helper = notebook["cells"].pop(int(number) - 1)
    assert f"def {name}" in helper["source"]
    for one in notebook["cells"]:
        if one["id"].endswith("-answer") and name in one["source"]:
            one["source"] = f"{helper['source']}\n\n{one['source']}"
    return notebook


def without_lines_that_say(word: str, file: bytes) -> Notebook:
    notebook = json.loads(file)
    for one in notebook["cells"]:
        if one["id"].endswith("-answer"):
            one["source"] = "\n".join(line for line in one["source"].split("\n") if word not in line)
    return notebook


def written_without_it(file: bytes, told: str) -> Notebook:
    return without_lines_that_say(*said(r"the course's own ([\w.]+), .*; write yours without it", told), file)


def without_exit(file: bytes, told: str) -> Notebook:
    return without_lines_that_say(*said(r"the answer called (exit\(\)) .*; use return", told), file)


def settled(file: bytes, told: str) -> bytes:
    said("the marks of a Git conflict; settle it", told)
    return re.sub(rb"<<<<<<< .*\n((?:.*\n)*?)=======\n(?:.*\n)*?>>>>>>> .*\n", rb"\1", file)


def saved_again(_: bytes, told: str) -> bytes:
    """What the editor still has, as it writes it."""
    said("save it again in JupyterLab and hand in that file", told)
    return nbformat.writes(nbformat.from_dict(solved())).encode()


# -- the files --------------------------------------------------------------------------------------------------------

WIDGETS = {"application/vnd.jupyter.widget-state+json": {"state": {str(n): {"x": "y" * 1000} for n in range(5000)}}}
RAISES = f"{kit.RIGHT['running']}\n  ##  NBVAL_RAISES_EXCEPTION  \n# NBVAL_IGNORE_OUTPUT"
MAGICS = "%load_ext autoreload\n%autoreload 2\n%pwd\n%pip --version\nfiles = !ls\n"
DOUBLE = "def double(x):\n    return 2 * x"

INNOCENT: dict[str, Innocent] = {
    "as-it-should-be": Innocent(lambda notebook: notebook),
    "downloaded-twice": Innocent(lambda notebook: notebook, name="01_kit (1).ipynb"),
    "called-anything": Innocent(lambda notebook: notebook, name="Kopie von Übung – final FINAL.IPYNB"),
    "format-4.4": Innocent(edited(without_ids)),
    "format-3": Innocent(of_format_3),
    "nbstripout": Innocent(edited(numbered)),
    "renumbered": Innocent(edited(renamed)),
    "colab": Innocent(edited(of_colab)),
    "vs-code": Innocent(edited(of_vs_code)),
    "through-a-script": Innocent(edited(bare)),
    "byte-order-mark": Innocent(coded("utf-8-sig")),
    "utf-16": Innocent(coded("utf-16")),
    "windows-1252": Innocent(coded("cp1252")),
    "download-of-a-download": Innocent(lambda notebook: notebook, name="lab-01 (2).ipynb"),
    "deepnote": Innocent(edited(of_deepnote)),
    "kaggle": Innocent(edited(of_kaggle), name="notebook1234abcd.ipynb"),
    "databricks": Innocent(edited(of_databricks)),
    "vs-code-without-ids-and-tags": Innocent(edited(lambda n: (bare(n), of_vs_code(n)))),
    "format-3-with-worksheets": Innocent(with_worksheets),
    "windows-file": Innocent(indented(1, "\r\n", "utf-8")),
    "windows-file-utf-16": Innocent(indented(1, "\r\n", "utf-16")),
    "windows-file-utf-16-unmarked": Innocent(indented(1, "\r\n", "utf-16-le")),
    "indented-by-tabs": Innocent(indented("\t", "\n", "utf-8")),
    "windows-lines": Innocent(edited(lines_of_windows)),
    "prose-with-outputs": Innocent(edited(lambda n: cell(n, "title").update(outputs=[], execution_count=None))),
    "output-without-metadata": Innocent(
        with_output({"output_type": "display_data", "data": {"text/plain": "x"}}),
    ),
    "output-that-is-odd": Innocent(with_output({"output_type": "hologram"})),
    "output-with-nan": Innocent(
        with_output({"output_type": "display_data", "metadata": {}, "data": {"application/json": {"x": float("nan")}}}),
    ),
    "no-counts": Innocent(edited(lambda n: [one.pop("execution_count", None) for one in n["cells"]])),
    "no-cell-metadata": Innocent(edited(lambda n: [one.pop("metadata") for one in n["cells"]])),
    "no-metadata": Innocent(edited(lambda n: n.pop("metadata"))),
    "another-kernel": Innocent(edited(lambda n: n["metadata"].update(kernelspec={"name": "conda-env-ds-py"}))),
    "saved-widgets": Innocent(edited(lambda n: n["metadata"].update(widgets=WIDGETS))),
    "large-outputs": Innocent(
        with_output({"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 9_000_000}}),
    ),
    "far-too-large": Innocent(
        with_output({"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 21_000_000}}),
        lost=("double", "running", "policy"),
        told="is larger than 20 MB",
        mend=COMMAND,
    ),
    "scratch-cells": Innocent(
        edited(many_cells), lost=("double", "running", "policy"), told="at most 500 are read", mend=COMMAND
    ),
    "split-in-a-function": Innocent(split("running-answer", 1)),
    "split-second-half-keeps-the-id": Innocent(split("running-answer", 1, second_keeps=True)),
    "split-between-two-names": Innocent(split("policy-answer", 2)),
    "merged-with-its-check": Innocent(edited(merged)),
    "copied-with-its-id": Innocent(edited(copied)),
    "copied-and-played-with": Innocent(
        edited(lambda n: copied(n, id="again", source="def double(x):\n    return 1 / 0")),
        told="is a second answer cell for 'double-answer' and was not read",
    ),
    "two-with-one-id": Innocent(
        edited(lambda n: copied(n, source="def double(x):\n    return 3 * x")),
        lost=("double",),
        told="delete all but one",
        mend=one_left,
    ),
    "check-deleted": Innocent(edited(lambda n: removed(n, "double-check"))),
    "checks-deleted": Innocent(edited(lambda n: removed(n, *(f"{task}-check" for task in kit.RIGHT)))),
    "answer-deleted": Innocent(
        edited(lambda n: removed(n, "double-answer")), lost=("double",), told="was deleted", mend=COMMAND
    ),
    "answer-is-prose": Innocent(
        edited(lambda n: cell(n, "double-answer").update(cell_type="markdown")),
        lost=("double",),
        told="no longer code; set its type back to Code",
        mend=set_back,
    ),
    "answers-moved": Innocent(edited(answers_last)),
    "helper-outside": Innocent(
        edited(helper_outside),
        lost=("double",),
        told="is no answer cell and is not read; answers use its twice: move it into them",
        mend=moved_in,
    ),
    "given-cell-changed": Innocent(
        edited(lambda n: cell(n, "given").update(source="base = 2.0 * 1")),
        told="the given cell 'given' (cell 4) was changed",
    ),
    "seed-changed": Innocent(edited(lambda n: cell(n, "parameters").update(source="seed = 7"))),
    "scratch-that-fails": Innocent(
        edited(lambda n: n["cells"].append(json.loads(json.dumps(kit.code("mine", "print(undefined)")))))
    ),
    "percent-on-its-own-line": Innocent(
        answered(double='note = ("%s of %s"\n% (base, base))\ndef double(x):\n    return base * x')
    ),
    "help-left-in": Innocent(answered(double=f"np.where?\n{DOUBLE}")),
    "timeit-left-in": Innocent(answered(double=f"{DOUBLE}\n\nt = %timeit -n 1 -r 1 -o double(1)")),
    "timed-cell": Innocent(answered(double=f"%%time\n{DOUBLE}")),
    "shell-left-in": Innocent(answered(double=f"!echo hello\n{DOUBLE}")),
    "magics-left-in": Innocent(answered(double=MAGICS + DOUBLE)),
    "separator-in-a-string": Innocent(answered(double=f'note = "one\u2028%two"\n{DOUBLE}')),
    "await": Innocent(answered(double=f"import asyncio\nawait asyncio.sleep(0)\n{DOUBLE}")),
    "colab-form": Innocent(answered(double=f"#@title Doppelt {{ display-mode: 'form' }}\nk = 2 #@param\n{DOUBLE}")),
    "pasted-with-prompts": Innocent(answered(double=">>> def double(x):\n...     return base * x")),
    "annotated": Innocent(
        answered(
            double="from __future__ import annotations\ndef double(x: np.ndarray) -> np.ndarray:\n    return 2 * x"
        )
    ),
    "other-letters": Innocent(answered(double='"""Zweimal → 🐙."""\ndef double(größe):\n    return 2 * größe')),
    "word-to-nbval": Innocent(answered(double=f"# NBVAL_SKIP\n{DOUBLE}", running=RAISES)),
    "borrowed-from-the-course": Innocent(
        answered(double=f"from course_lib.theory import queueing\n{DOUBLE}"),
        lost=("double",),
        told="it uses the course's own course_lib.theory, where one's own was asked for: that counts nothing; "
        "write yours without it",
        mend=written_without_it,
    ),
    "exit-at-the-end": Innocent(
        answered(double=f"{DOUBLE}\nexit()"),
        lost=("double",),
        told="exit()",
        mend=without_exit,
    ),
    "half-merged-by-git": Innocent(
        conflicted,
        lost=("double", "running", "policy"),
        told="the marks of a Git conflict; settle it",
        mend=settled,
    ),
    "upload-cut-off": Innocent(
        lambda notebook: json.dumps(notebook).encode()[:-40],
        lost=("double", "running", "policy"),
        told="save it again in JupyterLab and hand in that file",
        mend=saved_again,
    ),
}
