"""Jupyter server extension: send small kernel messages at once.

Jupyter's server leaves Nagle's algorithm on for its websockets. Together with delayed acknowledgements that holds the
last small message of each exchange back for about 40 ms, which a dragged slider pays on every step. This extension sets
TCP_NODELAY on each kernel websocket as it opens; it is enabled by ``jupyter_server_config.d/course_lib.json``.
"""

from __future__ import annotations

from typing import Any

_SETTING = "kernel_websocket_connection_class"


def _without_delay(base: type) -> type:
    """Return a websocket connection class that opens its socket without delay."""

    class NoDelayConnection(base):
        """The server's own kernel connection, its small messages sent at once."""

        def connect(self) -> Any:
            """Open the connection as ever, and set TCP_NODELAY on its socket."""
            try:
                self.websocket_handler.set_nodelay(True)
            except Exception as error:
                self.log.debug("course_lib.nodelay: socket left as it is (%s)", error)
            return super().connect()

    return NoDelayConnection


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Name the module that Jupyter's server should load."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Put the connection class in place; where the server has changed, say so in one line and leave it alone.

    Parameters
    ----------
    server : jupyter_server.serverapp.ServerApp
    """
    try:
        settings = server.web_app.settings
        settings[_SETTING] = _without_delay(settings[_SETTING])
    except Exception as error:
        server.log.warning("course_lib.nodelay: not in use with this Jupyter server (%s)", error)
