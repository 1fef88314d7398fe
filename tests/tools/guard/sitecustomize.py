"""No traffic but to this machine: Python imports this first, in every process of the tests.

`execute.prepare` puts this folder on PYTHONPATH, so that kernels and other children are watched as
well. A connection, or a question to a name server, that would leave the machine is refused, and
noted in the file that TRAFFIC_LOG names; the session then fails, even where somebody caught the
error. It sees what goes through Python's own sockets, which is all that transformers and
huggingface_hub use; compiled code that makes its own, such as hf_xet, is switched off.
"""

import ipaddress
import os
import sys
import traceback

EVENTS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}


def is_here(host: object) -> bool:
    """This machine, under one of its own names or addresses."""
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if host in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name
        return False
    return address.is_loopback or address.is_unspecified


def look(event: str, arguments: tuple) -> None:
    if event not in EVENTS:
        return
    target = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments
    if not isinstance(target, tuple) or is_here(target[0]):  # a Unix socket is a path
        return
    log = os.environ.get("TRAFFIC_LOG")
    if log:
        with open(log, "a", encoding="utf-8") as file:
            stack = "".join(traceback.format_stack(limit=12))
            file.write(f"{event} {target[0]!r} by {sys.argv[:2]}\n{stack}\n")
    raise ConnectionRefusedError(f"tests talk to this machine only, not to {target[0]!r}")


sys.addaudithook(look)
