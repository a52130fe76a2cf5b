"""Nothing that an author misspells is passed over: pages are checked against one declaration."""

import json
import random
import re
import subprocess
import sys
from inspect import get_annotations
from pathlib import Path
from typing import get_args

import pytest

from macros.cli import site_check
from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.ground.model import CNIS, Page
from macros.ground.places import CHECKOUT
from macros.plan import frontmatter, option_schema, planner
from macros.plan.options import Declared
from macros.plan.signatures import MACROS
from macros.site import claims_check, page_macros
from tests import pages_fuzz
from tests.unit.test_plan import HEAD, page_of

FIRST = HEAD.count("\n") + 1


def errors(folder: Path, body: str, head: str = HEAD) -> list[tuple[int | None, str]]:
    """Line (counted from the body's first) and words of all that is wrong with a page."""
    with pytest.raises(GuideError) as caught:
        page_of(folder, body, head)
    assert all(error.page and error.page.endswith("page.md") for error in caught.value.all)
    return [(error.line and error.line - FIRST + 1, error.message) for error in caught.value.all]


def checked(folder: Path) -> list[tuple[str, int, int, str]]:
    """Place and words of all that `guide check` finds in a project."""
    done = subprocess.run(
        [sys.executable, "-c", "from macros.cli import main; main()", "check", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 1, done.stderr
    problems = json.loads(done.stdout)["problems"]
    return [
        (problem["page"], problem["line"], problem["column"], problem["message"])
        for problem in problems
    ]


def project(folder: Path, pages: dict[str, str], nav: str = "") -> Path:
    loud = "validation: {links: {anchors: warn}, nav: {omitted_files: warn}}\n"
    settings = f"site_name: T\nextra: {{edition: now}}\n{loud}{nav}"
    (folder / "docs").mkdir()
    (folder / "mkdocs.yml").write_text(settings, encoding="utf-8")
    for name, text in pages.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("call", "line", "words"),
    [
        ('run("node0", "a", id="x", untill="b")', 1, "run has no option untill=; did you mean until=?"),
        ('run("node0",\n "a",\n id="x",\n higlight=["b"])', 4, "did you mean highlight=?"),
        ('run("node0", "a", id="x", colour="red")', 1, "run has no option colour="),
        ('run("node0", "a", "b", id="x")', 1, "run takes 2 values without a name, not 3"),
        ('run("node0", "a", node="node1", id="x")', 1, "run has node twice"),
        ('run("node0", "a", id="x",\n id="y")', 2, "run has id twice"),
        ('capture("node0", "eth0", id="x", packets=1)', 1, "capture needs during="),
        ('topology(title="t")', 1, "topology needs observed"),
        ('commands("all")', 1, "commands takes no value without a name, not 1"),
        ('vlaue("a", "b")', 1, "there is no macro 'vlaue'; did you mean value?"),
        ("commands", 1, "commands is a macro: call it, as commands(...)"),
        ('only("Docker >= 28")', 1, "only needs caller="),
        ('run("node0", "a", id="x", lines="abc")', 1, "lines= is a list"),
        ('run("node0", "a", id="x", expect_exit="1")', 1, "expect_exit= is a whole number, not '1'"),
        ('run("node0", "a", id="x", expect_exit=true)', 1, "expect_exit= is a whole number, not True"),
        ('run("node0", "a", id="x", timeout="soon")', 1, "timeout= is a number, not 'soon'"),
        ('run("node0", "a", id="x", show="no")', 1, "show= is true or false, not 'no'"),
        ('run("node0", "a", id="x", bind=["A"])', 1, "bind= is a mapping, not ['A']"),
        ('run("node0", "a", id=7)', 1, "id= is text, not 7"),
        ('run("node0", "a", id=nothing)', 1, "'nothing' is undefined"),
        ('machines("a", 3, title="t")', 1, "observed is text, not 3"),
    ],
)  # fmt: skip
def test_a_call_that_is_misspelt_is_an_error_at_its_line(
    tmp_path: Path, call: str, line: int, words: str
) -> None:
    ((written_in, message),) = errors(tmp_path, f"{{{{ {call} }}}}\n")
    assert words in message
    assert written_in == line


@pytest.mark.parametrize(
    "call",
    [
        'run("node0", command="a", id="x", until="b", timeout=5, lines=["a", ("b", "c")])',
        'run("node0", "a", id="x", timeout=2.5, bind={"A": "re:(a)"}, facts="counters")',
        'run("node0", "a", id="x", lines=none, highlight=when("Docker >= 28", ["b"]))',
        'expect("x", "p", equals=1, show=false)',
        'expect("x", "p", same_as=("a", "b"), less=1)',
        'packet("x", 2, layers=("UDP",), all_fields=true)',
        'topology("a", "b", title="t", previous=["c"], way="w")',
        'run(*["node0", "a"], **{"id": "x"})',
    ],
)
def test_what_is_declared_is_taken(tmp_path: Path, call: str) -> None:
    assert isinstance(page_of(tmp_path, f"{{{{ {call} }}}}\n"), Page)


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ('a {{ run("node0", "a", id="x", untill="b") }}\n', 1, 32),
        ('{{ value("a", "b") }} {{ run("node0", "a",\n  id="x",\n  timeout="soon") }}\n', 3, 3),
        ('{{ run("node0", "a", id="x",\n   until=when("Docker >= 28", 3)) }}\n', 2, 4),
        ('{{ value("a", "b") }} and {{ vlaue("a", "b") }}\n', 1, 30),
        ('{{ run("node0", "a", id="x") }} {{ run("node0", "b", id="x") }}\n', 1, 36),
        ('x {{ run("node7", "a", id="x") }}\n', 1, 6),
        ('{%- if true -%}\n  {{- run("node7", "a", id="x") -}}\n{% endif %}\n', 2, 7),
        ('{{ run("node0", "a, id="x") }}\n', 1, 25),
        ('{{ run("node0", "a" id="x") }}\n', 1, 21),
        ('text\n{% call run("node0", id="x") %}\na\n', 2, 4),
    ],
)
def test_an_error_names_the_column_of_what_is_wrong(
    tmp_path: Path, body: str, line: int, column: int
) -> None:
    with pytest.raises(GuideError) as caught:
        page_of(tmp_path, body)
    assert (caught.value.line, caught.value.column) == (FIRST + line - 1, column)
    assert f"page.md:{FIRST + line - 1}:{column}: " in str(caught.value)


def test_a_call_without_an_end_is_named_where_it_begins(tmp_path: Path) -> None:
    body = 'a\n{% call run("node0", id="x") %}\nls\n\n{{ value("x", "y") }}\n'
    assert errors(tmp_path, body) == [(2, "macro syntax: {% call %} has no {% endcall %}")]
    body = '{% call run("node0", id="x") %}\nls\n{% endif %}\n'
    ((line, message),) = errors(tmp_path, body)
    assert line == 3
    assert message == (
        "macro syntax: {% endif %} stands where {% call %} should be closed by {% endcall %};"
        f" it begins in line {FIRST}"
    )
    ((_, message),) = errors(tmp_path, "{% cal x %}\n")
    assert message == "macro syntax: there is no tag 'cal'; did you mean call?"
    ((_, message),) = errors(tmp_path, '{{ run("node0, "a", id="x") }}\n')
    assert "expected token" in message or "is a quote missing?" in message


def test_values_that_only_evaluation_knows_are_checked_too(tmp_path: Path) -> None:
    body = '{{ run(*["node0", "a"], **{"id": "x", "untill": "b"}) }}\n'
    assert errors(tmp_path, body) == [(1, "run has no option untill=; did you mean until=?")]


def test_a_branch_that_is_not_taken_is_checked(tmp_path: Path) -> None:
    body = '{% if false %}\n{{ value("a", "b", shwo=false) }}\n{% endif %}\n'
    assert errors(tmp_path, body) == [(2, "value has no option shwo=")]


def test_a_page_cannot_call_something_of_its_own_like_a_macro(tmp_path: Path) -> None:
    body = "{% set value = 3 %}\n{% macro run(x) %}{{ x }}{% endmacro %}\n"
    assert [message for _, message in errors(tmp_path, body)] == [
        "'value' is a macro: choose another name",
        "'run' is a macro: choose another name",
    ]


def test_what_python_does_not_compile_is_an_error_of_the_page(tmp_path: Path) -> None:
    ((_, message),) = errors(tmp_path, "{{ range(stop=1, stop=2) }}\n")
    assert message.startswith("macro syntax: keyword argument repeated")


def test_what_a_page_names_itself_it_may_call(tmp_path: Path) -> None:
    body = "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}{{ twice('a') }}{{ range(3) | list }}\n"
    assert isinstance(page_of(tmp_path, body), Page)


def test_a_macro_without_a_body_takes_none(tmp_path: Path) -> None:
    body = '\n{% call value("a", "b") %}c{% endcall %}\n'
    assert errors(tmp_path, body) == [(2, "value takes no body: write {{ value(...) }}")]


def test_all_that_is_wrong_with_a_page_is_said_at_once(tmp_path: Path) -> None:
    body = '{{ run("node0", "a", id="x", untill="b", shwo=false) }}\n{{ rnu("node0") }}\n'
    assert [line for line, _ in errors(tmp_path, body)] == [1, 1, 2]
    body = (
        '{{ run("node0", "a", id=7) }}\n{{ run("node9", "a", id="B") }}\n{{ observe(3, id="c") }}\n'
    )
    assert [line for line, _ in errors(tmp_path, body)] == [1, 2, 3]
    body = '{{ run("node7", "a", id="a") }}\n{{ run("node9", "a", id="b") }}\n'
    assert [line for line, _ in errors(tmp_path, body)] == [1, 2]


@pytest.mark.parametrize(
    ("head", "line", "words"),
    [
        ("titel: T\n", 2, "the front matter has no key titel:; did you mean title:?"),
        ("title: T\nlab:\n  nodes: 1\n  nodse: 2\n", 5, "lab has no key nodse:; did you mean nodes:?"),
        ("setup:\n  - node: node0\n    run: a\n    untill: b\n", 5, "a step has no key untill:"),
        ("cleanup:\n  - node: node0\n", 3, "a step needs run:"),
        ("cleanup:\n  - a\n", 2, "cleanup: is a list of mappings, not ['a']"),
        ("lab:\n  nodes: two\n", 3, "lab: nodes: is a whole number, not 'two'"),
        ("lab: 3\n", 2, "lab: is a mapping, not 3"),
        ("setup:\n  - {node: node0, run: a, timeout: soon}\n", 3, "timeout: is a number"),
        ("setup:\n  - {node: node0, run: a, until: 80}\n", 3, "until: is text, not 80"),
        ("title: a\nlab: {nodes: 1}\ntitle: b\n", 4, "the front matter has title: twice"),
        ("lab: {nodes: 1}\nmanifests: [none.yaml]\n", 3, "there is no manifest none.yaml"),
        ("a: [\n", 3, "the front matter is not YAML"),
        ("title: T\nlab:\n\tnodes: 1\n", 4, "the line is indented with a tab"),
        ("title: a: b\n", 2, "mapping values are not allowed"),
        ("- a\n", 2, "the front matter is not a mapping"),
        ("facts: counter\n", 2, "known: counters"),
        ("date: 2026-13-45\n", 1, "the front matter is not YAML"),
    ],
)  # fmt: skip
def test_front_matter_that_is_wrong_is_an_error_at_its_line(
    tmp_path: Path, head: str, line: int, words: str
) -> None:
    with pytest.raises(GuideError) as caught:
        page_of(tmp_path, "text\n", f"---\n{head}---\n")
    assert words in caught.value.message
    assert caught.value.line == line


def test_front_matter_has_columns_and_its_steps_have_lines(tmp_path: Path) -> None:
    head = "---\nlab:\n  nodes: 1\n  nodse: 2\n---\n"
    with pytest.raises(GuideError) as caught:
        page_of(tmp_path, "text\n", head)
    assert str(caught.value).partition("page.md")[2].startswith(":4:3: lab has no key nodse:")
    head = "---\nlab: {nodes: 1}\ncleanup:\n  - node: node0\n    run: a\n---\n"
    body = '{{ run("node0", "a", id="x") }}\n'
    page = page_of(tmp_path, body, head)
    assert [step.line for step in page.cleanup] == [4]
    lower = page_of(tmp_path, body, head.replace("cleanup", "title: T\ncleanup"))
    assert [step.line for step in lower.cleanup] == [5]
    assert lower.blocks[0].plan == page.blocks[0].plan


def test_all_that_is_wrong_with_front_matter_is_said_at_once(tmp_path: Path) -> None:
    head = "---\ntitel: T\nlab:\n  nodse: 1\nneeds: magic\nsetup:\n  - {node: a, runs: b}\n---\n"
    with pytest.raises(GuideError) as caught:
        page_of(tmp_path, "text\n", head)
    assert [error.line for error in caught.value.all] == [2, 4, 5, 7, 7]


def test_check_says_all_that_is_wrong_with_all_pages(tmp_path: Path) -> None:
    bodies = {"a.md": "{{ rnu() }}\n\n{{ value() }}", "b.md": '{{ run("x", untill=1) }}'}
    pages = {name: f"---\ntitle: T\n---\n{body}\n" for name, body in bodies.items()}
    assert checked(project(tmp_path, pages)) == [
        ("docs/a.md", 4, 4, "there is no macro 'rnu'; did you mean run?"),
        ("docs/a.md", 6, 4, "value needs block"),
        ("docs/a.md", 6, 4, "value needs path"),
        ("docs/b.md", 4, 4, "run needs id="),
        ("docs/b.md", 4, 13, "run has no option untill=; did you mean until=?"),
    ]


def test_every_macro_that_is_declared_is_rendered_by_what_takes_it() -> None:
    renders = page_macros._RENDERS
    assert set(renders) == set(MACROS.values())
    for macro, render in renders.items():
        (taken,) = [kind for name, kind in get_annotations(render).items() if name in ("call", "_")]
        assert macro in (taken, *get_args(taken))


def test_every_option_of_every_macro_stands_in_its_order() -> None:
    options = MACROS["run"].OPTIONS
    assert list(options)[:3] == ["node", "command", "id"]
    assert [option.name for option in options.values() if option.positional] == ["node", "command"]
    assert issubclass(frontmatter.PageKeys, Declared)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_page_holds_it_is_planned_or_refused_with_page_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    rng = random.Random(seed)  # noqa: S311 seeded, no secret
    source = tmp_path / "page.md"
    refused = []
    for _ in range(25):
        source.write_text(
            pages_fuzz.mutated(rng, rng.choice(pages_fuzz.PAGES).read_text()), encoding="utf-8"
        )
        try:
            planner.plan_page(tmp_path, source)
        except GuideError as error:
            refused.append(error)
    assert 5 < len(refused) < 25
    assert all(part.page and part.line for error in refused for part in error.all)


def test_every_option_is_described_for_the_manual_and_for_editors() -> None:
    for name in (*MACROS, *option_schema.KEYS):
        assert option_schema.summary(name)
        assert all(row.words for row in option_schema.rows(name)), name
    row = next(row for row in option_schema.rows("run") if row.name == "expect_exit=")
    assert row == ("expect_exit=", "a whole number", "0", "The exit code that the page expects.")
    assert [row.default for row in option_schema.rows("value")] == ["required", "required"]
    with pytest.raises(GuideError, match="did you mean value"):
        option_schema.rows("vlaue")


def test_the_schema_has_what_pages_are_checked_against() -> None:
    made = option_schema.schema()
    assert set(made["properties"]) == set(frontmatter.PageKeys.OPTIONS)
    assert not made["additionalProperties"]
    assert made["$defs"]["step"]["required"] == ["node", "run"]
    assert made["properties"]["setup"] == {
        "type": "array",
        "items": {"$ref": "#/$defs/step"},
        "description": "Steps that run before the first block.",
    }
    assert made["$defs"]["lab"]["properties"]["cni"]["enum"] == list(CNIS)
    run = made["$defs"]["macro-run"]["properties"]
    assert run["expect_exit"]["type"] == "integer"
    assert run["lines"]["items"] == {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    }
    assert json.loads(json.dumps(made)) == made


def test_the_manual_has_the_options_of_every_macro() -> None:
    text = (CHECKOUT / "docs" / "reference" / "options.md").read_text(encoding="utf-8")
    assert re.findall(r'options\("([^"]+)"\)', text)[3:] != []
    assert set(re.findall(r'options\("([^"]+)"\)', text)) == {*MACROS, *option_schema.KEYS}


def test_check_finds_what_a_build_would_refuse_of_the_site(tmp_path: Path) -> None:
    pages = {
        "index.md": "# T\n\nSee [a](a.md#no) and [c](c.md).\n",
        "a.md": "# A\n\n[b](b.md)\n",
        "b.md": "# B\n",
    }
    nav = "nav:\n  - index.md\n  - a.md\n  - missing.md\n"
    assert sorted(checked(project(tmp_path, pages, nav))) == [
        ("docs/b.md", 1, None, "the page is not in nav: of mkdocs.yml"),
        (
            "docs/index.md",
            3,
            8,
            "a link 'a.md#no', but the doc 'a.md' does not contain an anchor '#no'.",
        ),
        (
            "docs/index.md",
            3,
            25,
            "a link 'c.md', but the target is not found among documentation files.",
        ),
        ("mkdocs.yml", 7, 5, "nav: names missing.md, which is not a page"),
    ]


def test_a_template_that_the_theme_does_not_have_is_found(tmp_path: Path) -> None:
    pages = {
        "a.md": "---\ntitle: A\ntemplate: nosuch.html\n---\n# A\n",
        "b.md": "---\ntemplate: main.html\n---\n# B\n",
    }
    words = "front matter: template 'nosuch.html' cannot be used: the theme does not have it"
    problems = [(page, line, what) for page, line, _, what in checked(project(tmp_path, pages))]
    assert problems == [("docs/a.md", 3, words)]


def test_a_page_that_is_wrong_hides_nothing_of_the_others(tmp_path: Path) -> None:
    pages = {
        "a.md": "---\nlab: {nodes: 1}\n---\n{{ rnu() }}\n",
        "b.md": '---\nlab: {nodes: 1}\n---\n{{ value("a:x", "y") }} {{ value("nothing", "y") }}\n',
        "c.md": "[x](x.md)\n",
    }
    assert checked(project(tmp_path, pages)) == [
        ("docs/a.md", 4, 4, "there is no macro 'rnu'; did you mean run?"),
        ("docs/b.md", 4, 28, "there is no page 'b' with blocks"),
        (
            "docs/c.md",
            1,
            4,
            "a link 'x.md', but the target is not found among documentation files.",
        ),
    ]


def test_whatever_a_page_holds_it_is_built_or_refused_with_page_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    became = list(pages_fuzz.outcomes(8, 3, tmp_path))
    assert [outcome.surprise for outcome in became if outcome.surprise] == []
    assert sum(bool(outcome.errors) for outcome in became) > 0


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("---\ntitle: Policy routing\n---\n\n# Other\n", "- Policy routing: b.md"),
        ("# Policy routing\n", "- Policy routing: b.md"),
        ("---\ntitle: 'Ways: two'\n---\n", '- "Ways: two": b.md'),
        ("No heading.\n", "- Its title: b.md"),
    ],
)
def test_a_page_that_nav_lacks_is_proposed_with_its_title(
    tmp_path: Path, text: str, entry: str
) -> None:
    nav = "nav:\n  - index.md\n"
    made = project(tmp_path, {"index.md": "# T\n", "b.md": text}, nav)
    (error,) = site_check.problems(made, {})
    assert error.fix == f"add `{entry}` there"


def test_places_are_in_the_folder_that_the_settings_name(tmp_path: Path) -> None:
    made = project(tmp_path, {"a.md": "text\n\n[x](x.md)\n"}, "docs_dir: text\n")
    (made / "docs").rename(made / "text")
    ((page, line, column, _),) = checked(made)
    assert (page, line, column) == ("text/a.md", 3, 4)


def test_the_manual_s_tables_are_whole_html() -> None:
    guide = guide_of_checkout(root=CHECKOUT)
    source = CHECKOUT / "docs" / "reference" / "options.md"
    errors, _, renderer = claims_check.page(guide, source)
    assert errors == []
    tables = [slot.html for slot in renderer.slots]
    assert len(tables) == len(MACROS) + len(option_schema.KEYS)
    for table in tables:
        assert table.count("<p>") == table.count("</p>") == 1
        assert table.count("<td>") == table.count("</td>")
    assert any("<code>expect_exit=</code></td><td>a whole number</td>" in table for table in tables)
