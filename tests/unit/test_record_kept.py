"""A value that is secret once is in nothing that is kept of the page's run."""

import re
from pathlib import Path

import pytest

from macros.ground import files
from macros.ground.errors import GuideError
from macros.ground.model import Recording
from macros.lab.lab import Lab
from macros.plan import planner
from macros.rebuild import recording
from macros.record import known_state, tcpdump
from macros.record.draft_run import DraftRun
from macros.record.kept import Kept
from macros.record.key_makers import made
from macros.store import drafts
from macros.store import guide as guides

HEAD = "---\ntitle: T\nlab:\n  nodes: 1\n{setup}---\n"
OWN = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="
PUBLIC = "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="


class Run:
    """A page, recorded; all files that are kept of it, in the checkout and in the cache."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder, self.lab = folder, lab
        self.key = folder / "own.key"
        self.docs = folder / "docs"
        self.docs.mkdir()

    def write(self, *commands: str, setup: str = "", bind: str = "") -> None:
        calls = (
            f'{{% call run("node0", id="b{number}"{bind if number == 0 else ""}) %}}\n'
            f"{command}\n{{% endcall %}}\n"
            for number, command in enumerate(commands)
        )
        steps = f"setup:\n  - node: node0\n    run: {setup}\n" if setup else ""
        (self.docs / "page.md").write_text(HEAD.format(setup=steps) + "\n".join(calls))

    def record(self) -> dict[str, str]:
        recording.record(
            self.lab,
            planner.plan_pages(self.docs),
            self.folder / "recordings",
            "now",
            everything=True,
            on_block=lambda _page, _block: None,
            on_page=lambda _page, _changed: None,
        )
        guide = guides.Guide(self.docs, self.folder / "recordings", "now")
        return {key: block.text for key, block in guide.recorded("page").blocks.items()}

    def kept(self) -> bytes:
        """All that is kept of the page: its recordings, and its transcripts in the cache."""
        transcripts = files.user_cache() / "transcripts"
        places = (self.folder / "recordings", transcripts)
        found = [path for place in places for path in place.rglob("*") if path.is_file()]
        assert any(transcripts in path.parents for path in found)
        return b"".join(path.read_bytes() for path in found)


@pytest.fixture
def run(tmp_path: Path, local_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(known_state, "enter", lambda _lab, _page: {})
    monkeypatch.setattr(known_state, "leave", lambda _lab, _page, _before: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Run(tmp_path, local_lab)


def test_a_value_that_is_hidden_once_is_hidden_everywhere(run: Run) -> None:
    run.key.write_text(f"{OWN}\n")
    run.write(
        f"cat {run.key}",
        "echo key=$KEY; echo 'peer $PUBLIC' >&2",
        f"echo 'PrivateKey = {{{{ '' }}}}'$(cat {run.key})",
        f"echo '  public key: {PUBLIC}'",
        bind=', bind={"KEY": "re:(.*)"}',
    )
    texts = run.record()
    assert texts["b0"] == "(hidden)\n"
    assert texts["b1"].startswith("key=(hidden)\n")
    assert texts["b2"] == "PrivateKey = (hidden)\n"
    assert texts["b3"] == f"  public key: {PUBLIC}\n", "a public key has the same form"
    assert OWN.encode() not in run.kept()
    assert b"ran: echo key=(hidden)" in run.kept()
    assert b"KEY: (hidden)" in run.kept()


def test_without_a_word_that_it_is_secret_nothing_is_hidden(run: Run) -> None:
    run.write(f"echo {PUBLIC}", f"echo 'peer: {PUBLIC}'", "echo 'token: short'; echo short")
    texts = run.record()
    assert texts == {
        "b0": f"{PUBLIC}\n",
        "b1": f"peer: {PUBLIC}\n",
        "b2": "token: short\nshort\n",
    }


@pytest.mark.parametrize(
    ("makes", "shows"),
    [
        ("openssl rand -base64 32 >{}", "cat {}"),
        ("head -c 32 /dev/urandom | base64 | tee {} | sha256sum", "cat {}"),
        ("cd $(dirname {}); openssl rand -hex 20 >own.key", "cat {}"),
        ("for n in own; do openssl rand -hex 20 >$(dirname {})/$n.key; done", "cat {}"),
        ("openssl rand -hex -out {} 32", "echo psk=$(cat {}) is set"),
        ("head -c 32 /dev/urandom >{}", "base64 {}"),
        ("head -c 32 /dev/urandom >{}", "xxd {}; xxd -p -c 64 {}"),
        ("openssl rand -base64 32 >{}", "od -c {}"),
        ("K=$(openssl rand -base64 32); echo $K >{}", "base64 -w0 {}"),
    ],
)
@pytest.mark.parametrize("in_setup", [False, True])
def test_what_a_key_making_command_wrote_is_hidden(
    run: Run, makes: str, shows: str, in_setup: bool
) -> None:
    makes = makes.replace("$(dirname {})", str(run.folder)).format(run.key)
    shows = shows.replace("{}", str(run.key))
    run.write(*([] if in_setup else [makes]), shows, setup=makes if in_setup else "")
    texts = run.record()
    shown = texts["b0" if in_setup else "b1"]
    assert "(hidden)" in shown
    assert not re.search(r"[A-Za-z0-9+/]{16,}|( [0-9a-f]{4}){4}|(   \S){4}", shown)
    raw = run.key.read_bytes()
    assert raw.strip() not in run.kept()


def test_a_public_key_that_is_made_of_a_private_one_stays() -> None:
    both = "umask 077; wg genkey | tee /etc/private | wg pubkey >/etc/public; cat /etc/public"
    assert made(both).files == ("/etc/private",)
    assert made("wg genkey | wg pubkey").printed == ("public",)
    assert made("wg genkey >/run/a; wg pubkey </run/a").printed == ("public",)
    assert made("sha256sum /dev/urandom").printed == ("other",)
    assert made("sh -c 'wg genkey >/run/a'").files == ("/run/a",)
    assert made("ip netns exec red wg genpsk | tee -a /run/a").printed == ("made",)


def test_random_data_that_a_page_sends_is_no_key(run: Run) -> None:
    run.write(
        f"dd if=/dev/urandom of={run.key} bs=1M count=1 status=none",
        f"sha256sum <{run.key}; stat -c %s {run.key}",
    )
    assert re.fullmatch(r"[0-9a-f]{64}  -\n1048576\n", run.record()["b1"])


def test_packets_that_carry_a_secret_are_not_kept(run: Run, tmp_path: Path) -> None:
    run.write(f"echo 'PrivateKey = {OWN}'", "echo b")
    page = planner.plan_pages(run.docs)[0]
    folder = tmp_path / "transcript"
    folder.mkdir()
    kept = Kept(folder)
    for number, block in enumerate(page.blocks):
        pcap = folder / f"b{number}.pcap"
        pcap.write_bytes(OWN.encode() if number else PUBLIC.encode())
        text = f"PrivateKey = {OWN}\n" if number == 0 else "b\n"
        kept.add(
            run.lab,
            Recording(block.id, "node0", "true", "true", 0, "", {}, text, pcap=pcap),
        )
    with pytest.raises(GuideError, match="capture b1 has packets that carry a secret"):
        kept.write()
    assert (folder / "b0.pcap").exists()
    assert not (folder / "b1.pcap").exists()


def test_a_draft_that_was_written_before_is_hidden_too(run: Run, tmp_path: Path) -> None:
    run.key.write_text(f"{OWN}\n")
    run.write(
        f"cat {run.key}",
        f"test $KEY = $(cat {run.key}) && echo same",
        f"echo private key: $(cat {run.key})",
        bind=', bind={"KEY": "re:(.*)"}',
    )
    page = planner.plan_pages(run.docs)[0]
    folder = drafts.folder(tmp_path / "recordings", "now", "page")
    draft = DraftRun(run.lab, page, folder, lambda _block: None, tcpdump.silent)
    draft.enter()
    draft.begin()
    assert drafts.read(folder, page)["b0"].text == "(hidden)\n"
    assert drafts.read(folder, page)["b1"].text == "same\n", "a command is given the value itself"
    assert OWN not in "".join(path.read_text() for path in folder.rglob("*.*"))


def test_a_secret_in_base64_is_hidden_in_json(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept._secrets.learn(f"PrivateKey = {OWN}\n")
    encoded = "eUFuejVURitsWFhKdGUxNHRqaTN6bE1OcStoZDJyWVVJZ0pCZ0IzZkJtaz0="
    assert kept._secrets.hide_in({"data": {"a": encoded, "b": [PUBLIC, 3]}}) == {
        "data": {"a": "(hidden)", "b": [PUBLIC, 3]}
    }
    kept._secrets.learn_json({"users": [{"client-key-data": "LS0tLS1CRUdJTiBSU0E="}]})
    assert kept._secrets.hide("x LS0tLS1CRUdJTiBSU0E= y") == "x (hidden) y"


def test_a_value_that_is_short_or_simple_is_hidden_at_its_label_alone(tmp_path: Path) -> None:
    secrets = Kept(tmp_path)._secrets
    state = "\tenc cbc(aes) 0x00000000000000000000000000000000\n"
    secrets.learn(state, "ip xfrm state")
    assert secrets.hide(state) == "\tenc cbc(aes) (hidden)\n"
    zeros = "link/ether 0x00000000000000000000000000000000\n"
    assert secrets.hide(zeros) == zeros
    secrets.learn_file("/run/pin", b"4711\n")
    assert secrets.hide("port 4711") == "port 4711"
