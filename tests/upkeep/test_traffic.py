"""Nothing leaves this machine: the guard refuses, notes and is there in every process."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ELSEWHERE = "192.0.2.1"  # for documentation (RFC 5737): nobody has it
FETCH = f"import urllib.request; urllib.request.urlopen('http://{ELSEWHERE}/', timeout=5)"


@pytest.fixture
def log(monkeypatch, tmp_path):
    monkeypatch.setenv("TRAFFIC_LOG", str(tmp_path / "traffic"))
    return tmp_path / "traffic"


@pytest.mark.parametrize(
    "leave",
    [
        lambda: socket.create_connection((ELSEWHERE, 80), timeout=5),
        lambda: urllib.request.urlopen(f"http://{ELSEWHERE}/", timeout=5),
        lambda: socket.getaddrinfo("huggingface.co", 443),
        lambda: socket.gethostbyname("huggingface.co"),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (ELSEWHERE, 53)),
        lambda: socket.socket().connect_ex((ELSEWHERE, 80)),
    ],
)
def test_nothing_leaves_this_process(log, leave):
    with pytest.raises(OSError, match=r"this machine only, not to '(192.0.2.1|huggingface.co)'"):
        leave()
    assert "192.0.2.1" in log.read_text() or "huggingface.co" in log.read_text()


def test_nothing_leaves_a_child(log):
    child = subprocess.run([sys.executable, "-c", FETCH], capture_output=True, text=True)
    assert child.returncode == 1
    assert "this machine only" in child.stderr
    assert ELSEWHERE in log.read_text()


def test_this_machine_can_be_reached(log):
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname()).close()
    socket.getaddrinfo("localhost", server.getsockname()[1])
    assert not log.exists()


def test_a_session_with_traffic_fails(tmp_path):
    """Even if the error was caught: the whole way through, with this conftest."""
    root = Path(__file__).resolve().parents[2]
    (tmp_path / "conftest.py").write_text((root / "conftest.py").read_text())
    (tmp_path / "test_sly.py").write_text(
        "import socket\n\ndef test_it():\n    try:\n"
        f"        socket.create_connection(({ELSEWHERE!r}, 80), timeout=5)\n"
        "    except OSError:\n        pass\n"
    )
    environment = os.environ | {"PYTHONPATH": str(root / "tests" / "tools")}
    del environment["TRAFFIC_LOG"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:nbval", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert "1 passed" in run.stdout
    assert run.returncode == 1
    assert "tried to reach other machines" in run.stdout
