"""A page's front matter: what it says of the lab, its setup and its clean-up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml

from macros.ground import safe_yaml, version_names
from macros.ground.errors import GuideError, raise_all
from macros.ground.model import CNIS, PROXIES, Cluster, PageHead, Step
from macros.ground.places import SCRIPTS
from macros.plan.options import Declared, MisusedError, nearest_or_all

KNOWN_NEEDS = {"calico": "Calico"}
"""What a page may declare that a lab cannot always offer, and its name among the versions.

Only pages that do may be unrecorded, and only in editions that have no version of it.
"""

FACTS = {"counters": "counter"}
"""What a page or a block may say is a fact, and the kind of noise that it otherwise is."""

MANIFESTS = SCRIPTS / "manifests"
"""The files that a page's `manifests` names: what it has Kubernetes make."""

_FENCE = "---"
_K = TypeVar("_K", bound="Keys")


class Keys(Declared):
    """A mapping of the front matter."""

    SORT = "key"
    SPELLED = "{}:"
    NAMED = True


class StepKeys(Keys):
    """One command of `setup` or `cleanup`."""

    CALLED = "a step"

    node: str
    """The node that runs it."""
    run: str
    """The command, or several lines of a script."""
    until: str | None = None
    """Text, or `re:` and a pattern: it is repeated until its output contains it."""
    timeout: float = 60
    """Seconds until recording gives up."""


class LabKeys(Keys):
    """What the page needs a lab to be."""

    CALLED = "lab"
    KNOWN: ClassVar = {"cni": CNIS, "proxy": PROXIES}

    nodes: int = 0
    """How many machines: node0, node1 and so on."""
    profile: str = ""
    """The script of scripts/node/profiles that runs on every node."""
    cni: str | None = None
    """Kubernetes, with this network between pods."""
    proxy: str | None = None
    """kube-proxy's mode; default: iptables."""
    outside: bool = False
    """Also a machine outside the cluster, called client."""


class PageKeys(Keys):
    """The whole front matter."""

    CALLED = "the front matter"
    NESTED: ClassVar = {"lab": "lab", "setup": "step", "cleanup": "step"}
    KNOWN: ClassVar = {"needs": tuple(KNOWN_NEEDS), "facts": tuple(FACTS)}

    title: str | int | float = ""
    """The page's name."""
    lab: Mapping[Any, Any] = {}
    """What the page needs a lab to be."""
    needs: str = ""
    """What not every lab offers; the page may be unrecorded."""
    versions: Sequence[Any] = ()
    """The versions named under each block."""
    setup: Sequence[Mapping[Any, Any]] = ()
    """Steps that run before the first block."""
    cleanup: Sequence[Mapping[Any, Any]] = ()
    """Steps that run after the last block, and after a failure."""
    manifests: Sequence[str] = ()
    """Files of scripts/manifests that node0 has while the page is recorded."""
    facts: str | Sequence[str] = ()
    """`counters`: the numbers counted are facts on the whole page."""

    # What MkDocs, Material for MkDocs and mkdocs-macros read of a page, see their documentation:
    # https://www.mkdocs.org/user-guide/writing-your-docs/#yaml-style-meta-data
    # https://squidfunk.github.io/mkdocs-material/reference/ and /plugins/
    # https://mkdocs-macros-plugin.readthedocs.io/en/latest/rendering/
    template: Any = None
    description: Any = None
    author: Any = None
    hide: Any = None
    icon: Any = None
    status: Any = None
    subtitle: Any = None
    tags: Any = None
    search: Any = None
    social: Any = None
    comments: Any = None
    render_macros: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter(PageHead):
    """What the YAML at the head of a page says; `body_line` is the line its text starts at."""

    body: str
    body_line: int
    facts: tuple[str, ...] = ()


def of_file(source: Path) -> FrontMatter:
    """The front matter and the text of a page.

    GuideErrors name page, line and key of all that is wrong.
    """
    return read(source, text_of(source))


def read(source: Path, text: str) -> FrontMatter:
    """The same of a page whose text is known."""
    front, wrong = attempt(source, text)
    raise_all(wrong)
    return front


def text_of(source: Path) -> str:
    """The text of a page's file. GuideError where it is none."""
    try:
        return source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise GuideError(f"the page is not UTF-8: {error}", page=source) from error


def attempt(source: Path, text: str) -> tuple[FrontMatter, list[GuideError]]:
    """The front matter and the text of a page, as far as it reads, and what is wrong with it.

    GuideError where its text cannot be told from it.
    """
    yaml_text, body, body_line = _split(source, text)
    head = _Head(source, yaml_text)
    page = head.keys(PageKeys, head.values) or PageKeys()
    lab = head.keys(LabKeys, page.lab, "lab") or LabKeys()
    if page.needs and page.needs not in KNOWN_NEEDS:
        known = ", ".join(sorted(KNOWN_NEEDS))
        head.wrong(f"front matter: needs {page.needs!r}, known: {known}", "needs")
    front = FrontMatter(
        title=str(page.title or source.stem),
        nodes=lab.nodes,
        profile=lab.profile,
        needs=page.needs,
        versions=_versions(head, page.versions),
        setup=_steps(head, "setup", page.setup),
        cleanup=_steps(head, "cleanup", page.cleanup),
        body=body,
        body_line=body_line,
        cluster=_cluster(head, lab),
        outside=lab.outside,
        manifests=_manifests(head, page.manifests),
        facts=_facts(head, page.facts),
    )
    return front, sorted(head.errors, key=lambda error: (error.line or 0, error.column or 0))


def facts(value: str | Sequence[str]) -> tuple[str, ...]:
    """Kinds of noise by the words of a page: one word, or several. GuideError for others."""
    words = (value,) if isinstance(value, str) and value else tuple(value or ())
    for word in words:
        if word not in FACTS:
            raise GuideError(f"facts: {word!r}, known: {', '.join(FACTS)}")
    return tuple(FACTS[word] for word in words)


class _Head:
    """The YAML of a page while it is read; `errors` is all that is wrong with it so far."""

    def __init__(self, source: Path, text: str) -> None:
        self.errors: list[GuideError] = []
        self.values: Mapping[Any, Any] = {}
        self._source = source
        self._lines = text.splitlines()
        self._node: yaml.Node | None = None
        loader = safe_yaml.LOADER(text)
        try:
            self._node = loader.get_single_node()
            if self._node is not None:
                values = loader.construct_document(self._node)
                self._take(values)
        except (yaml.YAMLError, ValueError) as error:
            self._node = None
            self.errors.append(_no_yaml(error, source, text))
        finally:
            loader.dispose()

    def keys(self, kind: type[_K], mapping: Mapping[Any, Any], *way: str | int) -> _K | None:
        """A mapping read as its declaration; what is wrong is left out, None where it must not be.

        `way` leads from the whole to the mapping. A key without a value is none.
        """
        written = {str(key): value for key, value in mapping.items() if value is not None}
        try:
            return kind.written((), written)
        except MisusedError as error:
            for misuse in error.misuses:
                # What is written where it is wrong says more than what is missing elsewhere.
                self.wrong(misuse.message, *way, *([misuse.option] if misuse.option else []))
            bad = {misuse.option for misuse in error.misuses}
        try:
            return kind.written((), {key: written[key] for key in written.keys() - bad})
        except MisusedError:
            return None

    def wrong(self, message: str, *way: str | int) -> None:
        """Keep an error at the place of what `way` leads to."""
        self.errors.append(GuideError(message).located(self._source, *self.place(*way)))

    def place(self, *way: str | int) -> tuple[int, int]:
        """Line and column of what `way` leads to, or of the last step that there is."""
        node, position = self._node, (2, 1)
        for step in way:
            if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
                position = _place(node)
            elif isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if key.value == step:
                        node, position = value, _place(key)
        return position

    def above(self, line: int) -> str:
        """The comment right above a line of the page, as a sentence for readers."""
        paragraph: list[str] = []
        for text in reversed(self._lines[: line - 2]):
            if not text.strip().startswith("#"):
                break
            paragraph.insert(0, text.strip().lstrip("# "))
        return " ".join(paragraph)

    def _take(self, values: Any) -> None:
        if not isinstance(values, dict):
            self.wrong("the front matter is not a mapping")
            return
        self.values = values
        for node, way in _mappings(self._node, ()):
            keys = [key.value for key, _ in node.value]
            for name in dict.fromkeys(key for key in keys if keys.count(key) > 1):
                where = f"{way[-1]}:" if way else "the front matter"
                self.wrong(f"{where} has {name}: twice", *way, name)


def _place(node: yaml.Node) -> tuple[int, int]:
    """Line and column of a node in its page, whose first line is the fence."""
    return node.start_mark.line + 2, node.start_mark.column + 1


def _no_yaml(error: Exception, source: Path, text: str) -> GuideError:
    """What is not YAML, at its place; tabs are named, for YAML's own words do not."""
    message = "the front matter is not YAML"
    for number, line in enumerate(text.splitlines()):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            column = line.index("\t") + 1
            fix = "indent with spaces: YAML takes no tabs there"
            wrong = GuideError(f"{message}: the line is indented with a tab", fix=fix)
            return wrong.located(source, number + 2, column)
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return GuideError(f"{message}: {error}", page=source, line=1)
    words = [getattr(error, "context", None), getattr(error, "problem", None)]
    told = ", ".join(word for word in words if word) or str(error)
    return GuideError(f"{message}: {told}").located(source, mark.line + 2, mark.column + 1)


def _mappings(
    node: yaml.Node | None, way: tuple[str | int, ...]
) -> Iterator[tuple[yaml.MappingNode, tuple[str | int, ...]]]:
    """Every mapping of a document, with the way to it."""
    if isinstance(node, yaml.MappingNode):
        yield node, way
        for key, value in node.value:
            yield from _mappings(value, (*way, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _mappings(item, (*way, number))


def _cluster(head: _Head, lab: LabKeys) -> Cluster | None:
    """What the keys `cni` and `proxy` of `lab` ask for; None where there is no `cni`."""
    if lab.cni is None:
        if lab.proxy is not None:
            head.wrong("front matter: lab has proxy but no cni", "lab", "proxy")
        return None
    cluster = Cluster(lab.cni, lab.proxy or PROXIES[0])
    for key, value, known in (("cni", cluster.cni, CNIS), ("proxy", cluster.proxy, PROXIES)):
        if value not in known:
            message = f"front matter: lab: {key}: {value}; known: {', '.join(known)}"
            head.wrong(message, "lab", key)
    if lab.profile:
        head.wrong("front matter: a lab has a profile or a cni, not both", "lab", "profile")
    return cluster


def _manifests(head: _Head, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The names of manifests, each with its text."""
    texts = []
    for number, name in enumerate(names):
        file = MANIFESTS / name
        if file.is_file():
            texts.append((name, file.read_text(encoding="utf-8")))
        else:
            message = f"front matter: there is no manifest {name} in scripts/manifests"
            head.wrong(message, "manifests", number)
    return tuple(texts)


def _versions(head: _Head, names: Sequence[Any]) -> tuple[str, ...]:
    """The names of versions, each one that labs give."""
    for number, name in enumerate(names):
        if name not in version_names.NAMES:
            known = nearest_or_all(str(name), version_names.NAMES)
            head.wrong(f"front matter: versions: there is no {name!r}{known}", "versions", number)
    return tuple(map(str, names))


def _facts(head: _Head, words: str | Sequence[str]) -> tuple[str, ...]:
    try:
        return facts(words)
    except GuideError as error:
        head.wrong(f"front matter: {error.message}", "facts")
        return ()


def _steps(head: _Head, key: str, items: Sequence[Mapping[Any, Any]]) -> tuple[Step, ...]:
    steps = []
    for number, item in enumerate(items):
        step = head.keys(StepKeys, item, key, number)
        if step is not None:
            line = head.place(key, number)[0]
            timeout = float(step.timeout)
            command = step.run.strip()
            why = head.above(line) or _first_comment(command)
            steps.append(Step(step.node, command, step.until, timeout, line, why))
    return tuple(steps)


def _first_comment(command: str) -> str:
    first = command.partition("\n")[0]
    return first.lstrip("# ") if first.startswith("# ") else ""


def _split(source: Path, text: str) -> tuple[str, str, int]:
    """The YAML of a page, its text, and the line that the text starts at."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != _FENCE:
        return "", text, 1
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == _FENCE:
            # MkDocs drops empty lines before the text too; both must count lines alike.
            start = number + 1
            while start < len(lines) and not lines[start].strip("\n"):
                start += 1
            return "".join(lines[1:number]), "".join(lines[start:]), start + 1
    raise GuideError(
        "the front matter is not closed: a second line with --- is missing", page=source, line=1
    )
