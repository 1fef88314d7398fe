"""A small Hub on 127.0.0.1, for tests: checkpoints under any id, and the faults of the real one.

It speaks as much of the Hugging Face Hub's language as `from_pretrained` and `hf_hub_download` do.
"""

import hashlib
import json
import re
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROUTE = re.compile(
    r"(/api/models)?/(?P<name>[^/]+(/[^/]+)??)"
    r"(/(?P<what>tree|revision|resolve)/[^/]+(/(?P<file>.+))?)?"
)
SLOW = 60  # seconds, far beyond anybody's patience


class Hub(ThreadingHTTPServer):
    """Folders under model ids. `faults` says what is wrong with a model, or with one file of it:

    "gated"    401 for every file
    "error"    500 for whatever is asked
    "silent"   accepts, and says nothing
    "stalls"   sends the first half of a file, and then nothing
    "breaks"   sends the first half, and hangs up; knows no ranges, so each try starts over
    "shaky"    hangs up after each 200,000 bytes, and goes on where it is asked to
    "damaged"  sends other bytes in place of the first ones
    "leaves"   answers, and is gone
    """

    daemon_threads = True

    def __init__(self, models: dict[str, Path | str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.models = {name: Path(folder) for name, folder in models.items()}
        self.faults: dict[str, str] = {}
        self.requests: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        pass  # a client that hung up is nothing to report


@contextmanager
def running(models: dict[str, Path | str]):
    """A Hub that serves as long as the block runs."""
    hub = Hub(models)
    thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *args) -> None:
        self.server.requests.append(f"{self.command} {self.path}")

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        name, what, file = ROUTE.fullmatch(self.path.split("?")[0]).group("name", "what", "file")
        folder, fault = self.server.models.get(name), self.server.faults.get(name)
        if folder is None:  # the real one doesn't tell strangers which names are private, either
            self._say(401, {"error": "Invalid username."}, {"X-Error-Code": "RepoNotFound"})
        elif fault == "error":
            self._say(500, {"error": "Internal Error"})
        elif fault == "silent":
            time.sleep(SLOW)
        elif what == "tree" and not file:
            self._say(200, [{"type": "file", **about} for about in _files(folder)])
        elif not file:
            siblings = [{"rfilename": about["path"]} for about in _files(folder)]
            self._say(200, {"id": name, "sha": COMMIT, "siblings": siblings})
        elif fault == "gated":
            self._say(401, {"error": f"{name} is restricted."}, {"X-Error-Code": "GatedRepo"})
        else:
            self._file(folder / file, self.server.faults.get(f"{name}/{file}"))

    def _file(self, path: Path, fault: str | None) -> None:
        if not path.is_file():
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
            return self._say(404, {"error": "Entry not found"}, headers)
        content = path.read_bytes()
        headers = {"ETag": f'"{_etag(path)}"', "X-Repo-Commit": COMMIT}
        if fault == "damaged":
            content = b"\xff" * 16 + content[16:]
        part = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part is None or (fault == "breaks" and not part[2]):
            return self._say(200, content, headers, fault)
        first, last = int(part[1]), min(int(part[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return self._say(206, content[first : last + 1], headers, fault)

    def _say(
        self, status: int, content: object, headers: dict | None = None, fault: str | None = None
    ) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        plain = {"Content-Length": str(len(body)), "Connection": "close"}
        for name, value in (plain | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        if self.command == "HEAD":
            return
        if fault in ("stalls", "breaks"):
            body = body[: len(body) // 2]
        elif fault == "shaky":
            body = body[:200_000]
        elif fault == "leaves":
            self.server.shutdown()
            self.server.server_close()
        self.wfile.write(body)
        if fault == "stalls":
            self.wfile.flush()
            time.sleep(SLOW)


def _files(folder: Path) -> list[dict]:
    """Path, size and hash of each file."""
    return [
        {
            "path": path.relative_to(folder).as_posix(),
            "size": path.stat().st_size,
            "oid": _etag(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def _etag(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
