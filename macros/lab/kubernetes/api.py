"""Asks a cluster's API by itself: to start kubectl would cost more than the answer."""

import base64
import http.client
import json
import ssl
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from macros.ground import safe_yaml
from macros.ground.errors import GuideError


class Api:
    """The API that a kubeconfig names, with its certificates."""

    def __init__(self, kubeconfig: Path) -> None:
        stored = safe_yaml.load(kubeconfig.read_bytes())
        cluster, user = stored["clusters"][0]["cluster"], stored["users"][0]["user"]
        server = urlsplit(cluster["server"])
        self._host, self._port = server.hostname or "", server.port or 443
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._trust = ssl.create_default_context(cadata=authority)
        # Python takes a client's certificate from a file only.
        with tempfile.NamedTemporaryFile() as file:
            for key in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user[key]) + b"\n")
            file.flush()
            self._trust.load_cert_chain(file.name)

    def ready(self) -> bool:
        """Whether it says of itself that it is ready."""
        try:
            return self._ask("GET", "/readyz", None)[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path: str) -> Any:
        """What is at a path, `None` where nothing is or nobody answers."""
        try:
            status, body = self._ask("GET", path, None)
        except (OSError, http.client.HTTPException):
            return None
        return json.loads(body) if status == http.HTTPStatus.OK else None

    def text(self, path: str) -> str:
        """What is at a path that holds text, a container's log; "" where nothing is."""
        try:
            status, body = self._ask("GET", path, None)
        except (OSError, http.client.HTTPException):
            return ""
        return body.decode(errors="replace") if status == http.HTTPStatus.OK else ""

    def create(self, path: str, thing: object) -> None:
        """Write a new object below `path`. GuideError when it is refused."""
        self._must("POST", path, thing, "application/json")

    def change(self, path: str, change: object) -> None:
        """Merge this into the object at `path` (RFC 7396). GuideError when it is refused."""
        self._must("PATCH", path, change, "application/merge-patch+json")

    def _must(self, method: str, path: str, body: object, kind: str) -> None:
        status, answer = self._ask(method, path, json.dumps(body), kind)
        if status not in {http.HTTPStatus.OK, http.HTTPStatus.CREATED}:
            raise GuideError(f"the cluster's API refuses {path}: {answer.decode()[:400]}")

    def _ask(
        self, method: str, path: str, body: str | None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        link = http.client.HTTPSConnection(
            self._host, self._port, timeout=10, context=self._trust
        )  # fmt: skip
        try:
            link.request(method, path, body, {"Content-Type": kind} if body else {})
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()
