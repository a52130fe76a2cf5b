"""Access over kubectl, against a stand-in that keeps its objects as files; what it says is the API's.

The words of its errors are those of kube-apiserver 1.34: plugin/pkg/admission/serviceaccount, and the
registry's AlreadyExists.
"""

import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from macros.ground.errors import GuideError
from macros.tracer.cluster_facts import Kubectl
from macros.tracer.kubectl_access import KubectlAccess

_PROGRAM = """#!{python}
import json, os, pathlib, sys
root, words = pathlib.Path({root!r}), sys.argv[1:]
with (root / "asked").open("a") as log:
    log.write(" ".join(words[:4]) + "\\n")
if words[0] == "create":
    failed = 0
    for item in json.load(sys.stdin)["items"]:
        name, path = item["metadata"]["name"], root / item["kind"] / item["metadata"]["name"]
        tries = root / "tries"
        late = item["kind"] == "Pod" and not tries.exists()
        if path.exists():
            print(f'Error from server (AlreadyExists): pods "{{name}}" already exists', file=sys.stderr)
        elif late:
            print(f'Error from server (Forbidden): error when creating "STDIN": pods "{{name}}" is '
                  'forbidden: error looking up service account x/default: serviceaccount "default" '
                  'not found', file=sys.stderr)
            tries.touch()
        else:
            path.parent.mkdir(exist_ok=True)
            item["status"] = {{"containerStatuses": [{{"state": {{"running": {{}}}}}}]}}
            path.write_text(json.dumps(item))
            continue
        failed = 1
    sys.exit(failed)
if words[0] == "get":
    kind = "Pod" if words[1] == "pods" else "none"
    items = [json.loads(path.read_text()) for path in (root / kind).glob("*")]
    print(json.dumps({{"items": items}}))
if words[0] == "delete":
    for path in (*root.glob("Pod/*"), *root.glob("Namespace/*")):
        path.unlink()
if words[0] == "exec":
    os.execvp("bash", words[words.index("--") + 1:])
"""


@pytest.fixture
def access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubectlAccess:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("ip", "bridge", "tcpdump", "nsenter", "jq", "iptables-save", "conntrack"):
        (tools / tool).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    program = tmp_path / "kubectl"
    program.write_text(_PROGRAM.format(python=sys.executable, root=str(tmp_path)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return KubectlAccess(Kubectl(str(program)), ("node0", "node1", "node2"), away=("node2",))


def _pods(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in (folder / "Pod").glob("*"))


def test_a_service_account_that_comes_between_two_pods(
    access: KubectlAccess, tmp_path: Path
) -> None:
    with access.opened(["node0", "node1"]):
        assert _pods(tmp_path) == ["node0", "node1"]
        assert access.run("node1", "echo there").text == "there\n"
    assert _pods(tmp_path) == []
    assert not [*(tmp_path / "Namespace").glob("*")]


def test_a_node_that_comes_in_later_gets_its_pod_then(
    access: KubectlAccess, tmp_path: Path
) -> None:
    with access.opened(["node0"]):
        assert _pods(tmp_path) == ["node0"]
        assert access.run("node1", "echo there").text == "there\n"
        assert access.run("node1", "echo again").text == "again\n"
        assert _pods(tmp_path) == ["node0", "node1"]
    assert (tmp_path / "asked").read_text().count("create") == 4  # one was too early
    assert _pods(tmp_path) == []


def test_a_node_that_starts_no_pod_is_dark_at_once(access: KubectlAccess, tmp_path: Path) -> None:
    with access.opened(["node0", "node2"]):
        assert _pods(tmp_path) == ["node0"]
        with pytest.raises(GuideError, match="node2 is not Ready"):
            access.run("node2", "echo there")
    with pytest.raises(GuideError, match="node2 is not Ready"), access.opened(["node2"]):
        pass


def test_what_is_created_is_asked_for_by_its_pods_node(
    access: KubectlAccess, tmp_path: Path
) -> None:
    with access.opened(["node0"]):
        pod = json.loads((tmp_path / "Pod" / "node0").read_text())
        assert (pod["spec"]["nodeName"], pod["spec"]["hostNetwork"]) == ("node0", True)
