"""Ports of this machine on which the sandbox may listen."""

import socket


def free_port() -> int:
    """A port that is free on every address of this machine."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
    return port


def check_free(address: str, port: int) -> None:
    """Raises OSError when something else listens on this port of all addresses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
