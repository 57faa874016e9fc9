"""Keep a Python process off the network: `python -P -m nnxlint.verify.guard MODULE ARGUMENTS…` runs a module so.

For systems that give a process no network of its own. It holds for what goes through Python's `socket`; compiled code
could still call the system itself.
"""

import runpy
import socket
import sys

_REACHING = frozenset(
    "socket.connect socket.sendto socket.sendmsg socket.bind socket.getaddrinfo "
    "socket.gethostbyname socket.gethostbyaddr socket.getnameinfo".split()
)


def deny_network() -> None:
    """From now on every attempt to reach the network raises `PermissionError`; sockets between processes work."""
    sys.addaudithook(_refuse)


def main(arguments: list[str]) -> None:
    """Run the module, named by the first argument, as a program without network."""
    module, *rest = arguments
    deny_network()
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _REACHING:
        return
    first = arguments[0] if arguments else None
    if isinstance(first, socket.socket) and first.family == socket.AF_UNIX:
        return
    message = "code that nnxlint verifies has no network"
    raise PermissionError(message)


if __name__ == "__main__":
    main(sys.argv[1:])
