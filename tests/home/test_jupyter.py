"""The command line that opens JupyterLab."""

import os
import sys
from pathlib import Path

import pytest
import tiny_course

from course_lib.home import jupyter


@pytest.fixture
def course(tmp_path):
    return tiny_course.make(tmp_path / "a course")


def test_it_opens_the_learners_folder_and_passes_options_on(course):
    command = jupyter.lab_command(course, ["--no-browser", "--port", "8899"])
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={course.root / 'work'}" in command
    assert command[-3:] == ["--no-browser", "--port", "8899"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no root on this system")
@pytest.mark.parametrize(("uid", "asked", "times"), [(0, [], 1), (0, ["--allow-root"], 1), (1000, [], 0)])
def test_root_is_allowed_once(course, monkeypatch, uid, asked, times):
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert jupyter.lab_command(course, asked).count("--allow-root") == times


def test_it_opens_the_page_that_says_where_one_is(course):
    assert "--LabApp.default_url=/lab/tree/Start.ipynb" in jupyter.lab_command(course)


def test_terminals_find_the_command(monkeypatch):
    monkeypatch.setenv("PATH", "elsewhere")
    first, last = jupyter.lab_environment()["PATH"].split(os.pathsep)
    assert Path(first) == Path(sys.executable).parent
    assert last == "elsewhere"


@pytest.mark.skipif(os.name != "posix", reason="login shells are POSIX's")
def test_terminals_are_no_login_shells_which_would_forget_the_path(course, monkeypatch):
    """Where the server was started without a terminal, as by nohup, Docker or Binder."""
    from jupyter_server.serverapp import ServerApp

    terminals = pytest.importorskip("jupyter_server_terminals.app")  # JupyterLab's own part

    monkeypatch.setenv("SHELL", "/bin/sh")
    (setting,) = [word for word in jupyter.lab_command(course) if "terminado_settings" in word]
    server = ServerApp()
    server.parse_command_line([setting])
    server.init_configurables()
    shells = terminals.TerminalsExtensionApp()
    shells.serverapp = server
    shells.initialize_configurables()
    assert shells.terminal_manager.shell_command == ["/bin/sh"]
    mine = ["--ServerApp.terminado_settings=shell_command=/bin/zsh"]
    assert [w for w in jupyter.lab_command(course, mine) if "terminado" in w] == mine
