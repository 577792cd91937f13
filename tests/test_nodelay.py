"""The server extension sets TCP_NODELAY, and steps aside where it cannot."""

import types

import pytest

from course_lib import nodelay


class Base:
    connected = False

    def __init__(self, handler):
        self.websocket_handler, self.log = handler, types.SimpleNamespace(debug=lambda *_: None)

    def connect(self):
        self.connected = True
        return "future"


class Server:
    def __init__(self, settings):
        self.web_app, self.warnings = types.SimpleNamespace(settings=settings), []
        self.log = types.SimpleNamespace(warning=lambda text, *parts: self.warnings.append(text % parts))


def test_each_connection_is_opened_without_delay():
    server = Server({"kernel_websocket_connection_class": Base})
    nodelay._load_jupyter_server_extension(server)
    flags = []
    connection = server.web_app.settings["kernel_websocket_connection_class"](
        types.SimpleNamespace(set_nodelay=flags.append)
    )
    assert connection.connect() == "future"
    assert connection.connected and flags == [True] and server.warnings == []


def test_a_socket_that_refuses_still_connects():
    server = Server({"kernel_websocket_connection_class": Base})
    nodelay._load_jupyter_server_extension(server)
    connection = server.web_app.settings["kernel_websocket_connection_class"](object())
    assert connection.connect() == "future" and connection.connected


@pytest.mark.parametrize("settings", [{}, {"kernel_websocket_connection_class": None}])
def test_a_server_that_changed_gets_one_line_and_stays_as_it_is(settings):
    server = Server(dict(settings))
    nodelay._load_jupyter_server_extension(server)
    assert server.web_app.settings == settings
    assert len(server.warnings) == 1 and "\n" not in server.warnings[0]


def test_the_real_class_is_still_there():
    from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

    assert issubclass(nodelay._without_delay(ZMQChannelsWebsocketConnection), ZMQChannelsWebsocketConnection)
    assert nodelay._jupyter_server_extension_points() == [{"module": "course_lib.nodelay"}]
