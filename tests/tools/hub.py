"""A small Hub on 127.0.0.1, for tests: checkpoints under any id, and the faults of the real one.

It speaks as much of the Hugging Face Hub's language as `from_pretrained` and `hf_hub_download` do.

Usage: python tests/tools/hub.py ID=FOLDER …      serves until it is ended; prints its address
"""

import hashlib
import json
import re
import sys
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"
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
        path = self.path.split("?")[0]
        for pattern, answer in (
            (r"/api/models/(?P<name>[^/]+(/[^/]+)?)/tree/[^/]+", self._tree),
            (r"/api/models/(?P<name>[^/]+(/[^/]+)??)(/revision/[^/]+)?", self._model),
            (r"/(?P<name>[^/]+(/[^/]+)?)/resolve/[^/]+/(?P<file>.+)", self._file),
        ):
            match = re.fullmatch(pattern, path)
            if match:
                return self._checked(answer, **match.groupdict())
        return self._say(404, {"error": "Not Found"})

    def _checked(self, answer, name: str, file: str | None = None) -> None:
        folder = self.server.models.get(name)
        if folder is None:
            # What the real one says to strangers, who are not to know which names are private.
            headers = {"X-Error-Code": "RepoNotFound"}
            return self._say(401, {"error": "Invalid username or password."}, headers)
        fault = self.server.faults.get(name)
        if fault == "error":
            return self._say(500, {"error": "Internal Error"})
        if fault == "silent":
            return time.sleep(SLOW)
        if file is None:
            return answer(name, folder)
        if fault == "gated":
            headers = {"X-Error-Code": "GatedRepo"}
            return self._say(401, {"error": f"Access to model {name} is restricted."}, headers)
        return answer(folder / file, self.server.faults.get(f"{name}/{file}"))

    def _model(self, name: str, folder: Path) -> None:
        siblings = [{"rfilename": file} for file in sorted(_files(folder))]
        about = {"_id": "1", "id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}
        self._say(200, about | {"private": False, "gated": False, "tags": []})

    def _tree(self, name: str, folder: Path) -> None:
        self._say(
            200,
            [
                {"type": "file", "path": file, "size": len(content), "oid": _etag(content)}
                for file, content in _files(folder).items()
            ],
        )

    def _file(self, path: Path, fault: str | None) -> None:
        if not path.is_file():
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
            return self._say(404, {"error": "Entry not found"}, headers)
        content = path.read_bytes()
        headers = {"ETag": f'"{_etag(content)}"', "X-Repo-Commit": COMMIT}
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
        for name, value in {"Content-Length": len(body), "Connection": "close"}.items():
            self.send_header(name, str(value))
        for name, value in (headers or {}).items():
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


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    models = dict(argument.split("=", 1) for argument in sys.argv[1:])
    hub = Hub(models)
    print(hub.address, flush=True)
    hub.serve_forever()


if __name__ == "__main__":
    main()
