"""The container image `hello:1`, made from Debian's static busybox without any Docker.

It is a web server that answers with its own name, its own address, and the address that asked; run
with another command it is a client (`wget -qO- http://…`, `ping`, `nc`). The file is a
docker-archive, what `docker save` writes and `docker load` reads: one layer, its configuration, a
manifest (Docker Image Specification v1.2). The same busybox always gives the same bytes.
"""

import hashlib
import io
import json
import tarfile
from pathlib import Path

NAME = "hello:1"

_APPLETS = (
    "arp arping ash awk cat cut date dd echo env false grep head hostname httpd id ifconfig ip "
    "kill ls mkdir mount nc netstat nslookup ping ping6 printf ps pwd rm route sed seq sh sleep "
    "sort stat tail telnet test time timeout top touch tr traceroute true uname vi wc wget "
    "whoami xargs yes"
)

_SERVER = """\
#!/bin/sh
# PID 1 gets no default action for SIGTERM: without the trap, `docker stop` would wait ten seconds.
trap 'exit 0' TERM INT
httpd -f -p 0.0.0.0:80 -h /www &
wait
"""

_ANSWER = """\
#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
echo "hello from $(hostname) at $(hostname -i), asked by $REMOTE_ADDR"
"""


def write_hello(busybox: bytes, out: Path) -> None:
    """Write the image's archive to `out`; `busybox` is the static program."""
    layer = _layer(busybox)
    digest = hashlib.sha256(layer).hexdigest()
    configuration = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/hello"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "packet-by-packet"}],
    }
    described = _json(configuration)
    config_name = f"{hashlib.sha256(described).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [NAME], "Layers": [f"{digest}/layer.tar"]}]
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, config_name, described)
        _add(archive, f"{digest}/layer.tar", layer)
        _add(archive, "manifest.json", _json(manifest))


def _layer(busybox: bytes) -> bytes:
    """The root file system of the image as a tar file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as layer:
        for folder in ("bin", "etc", "root", "tmp", "www", "www/cgi-bin"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            layer.addfile(entry)
        _add(layer, "bin/busybox", busybox, 0o755)
        for applet in _APPLETS.split():
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname, link.mode = tarfile.SYMTYPE, "busybox", 0o777
            layer.addfile(link)
        _add(layer, "bin/hello", _SERVER.encode(), 0o755)
        _add(layer, "www/cgi-bin/index.cgi", _ANSWER.encode(), 0o755)
        _add(layer, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        _add(layer, "etc/group", b"root:x:0:\n")
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)  # owner 0:0, time 0: nothing of this machine or moment
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def _json(value: object) -> bytes:
    return json.dumps(value, indent=None, separators=(",", ":"), sort_keys=True).encode()
