"""MkDocs hook: all style sheets as one file, all scripts as one, search fetched when it is used.

mkdocs.yml names the guide's own sheets and scripts, which are read one by one; a page loads what
this makes of them and of Material's. Material's files are repaired where they load too early; the
texts that are replaced are those of the version named below, and another version stops the build.
"""

import re
from hashlib import sha256
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from macros.site.boxed_tables import boxed, by_box
from macros.site.unused_styles import without_unused

MATERIAL = "9.8.1"
"""The version of Material for MkDocs whose script is repaired here."""

# What stands in Material's script -> what the guide has in its place. Its search worker and the
# index were fetched on every page; they are fetched when the search is opened, or highlights.
REPAIRS = (
    ("function Mn(e,t=new Worker(e))", "function Mn(e,t=new LazyWorker(e))"),
    ('L($(location.protocol!=="file:"),Je("search"))', 'Je("search")'),
    (
        'z([t,r.pipe(Q(we()),g(o=>!!o.searchParams.get("h")))]).pipe(m(([o,n])=>',
        (
            'r.pipe(Q(we()),g(o=>!!o.searchParams.get("h")),b(n=>t.pipe(m(o=>[o,n]))))'
            ".pipe(m(([o,n])=>"
        ),
    ),
    # It watched the size of each piece of code and looked for a preview of each link: a chapter
    # has hundreds, and page.js and copy.js do for code what is wanted. Figures are not its own.
    (
        (
            '...M("pre:not(.mermaid) > code",e).map(i=>Yn(i,{target$:o,print$:n})),'
            '...M("a",e).map(i=>Jn(i,t)),'
        ),
        "",
    ),
    # Tables have their boxes when the page comes: boxed_tables.py.
    ('...M("table:not([class])",e).map(i=>ti(i)),', ""),
    ('M("details",e)', 'M("details:not(figure *)",e)'),
    # Each of these had a whole page styled anew while it loads, which is most of what its script
    # cost: a mark against transitions, also where no colour changes; a `meta` for the colours of
    # scroll bars, which tokens.css gives.
    (
        'if(document.body.setAttribute("data-md-color-switching",""),s.color.media===',
        "if(s.color.media===",
    ),
    (
        "for(let[a,c]of Object.entries(s.color))document.body.setAttribute(",
        (
            'if(document.body.getAttribute("data-md-color-scheme")!==s.color.scheme)'
            'document.body.setAttribute("data-md-color-switching","");'
            "for(let[a,c]of Object.entries(s.color))document.body.setAttribute("
        ),
    ),
    (
        (
            'let o=x("meta",{name:"color-scheme"});document.head.appendChild(o);'
            'let n=Wt("(prefers-color-scheme: light)");'
        ),
        'let n=Wt("(prefers-color-scheme: light)");',
    ),
    ("return o.content=a.colorScheme,a.backgroundColor", "return a.backgroundColor"),
    # Sixty names in the navigation were watched for coming into sight, each by all sixty: page.js
    # looks at the one that is pointed at. And a heading was looked for through the whole page.
    ('e.pipe(b(()=>M(".md-ellipsis"))', "e.pipe(b(()=>[])"),
    ('p=ue(`[id="${c}"]`)', "p=document.getElementById(c)||void 0"),
)
_DIAGRAMS = re.compile(r'="(\.node circle,[^"]*)"')
"""How Mermaid's drawings look, which Material's script carries along. No page has one."""
_FOCUS = re.compile(
    r'\(function\(\)\{"use strict";function e\(r\)\{var o=!0,n=!1'
    r'.*?typeof document!="undefined"&&e\(document\)\}\)',
    re.DOTALL,
)
"""For browsers that do not know :focus-visible, as all do. It had a whole page styled anew."""
SEARCH = "assets/js/search-worker.js"
"""The guide's own search, which stands where Material's was."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LINE_COMMENT = re.compile(r"^\s*(?://.*|/\*(?:[^*]|\*(?!/))*\*/)\s*$\n?", re.MULTILINE)
_DARK = re.compile(r'\[data-md-color-scheme="slate"\] \{(.*?)\n  \}', re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put one style sheet and one script in the place of all others."""
    sheets = _taken(files, [str(path) for path in config.extra_css])
    scripts = _taken(files, [str(path) for path in config.extra_javascript])
    shims = _taken(files, [str(path) for path in config.extra.get("polyfills", [])])
    material = [_only(files, f"assets/stylesheets/{name}.*.css") for name in ("main", "palette")]
    bundle = _only(files, "assets/javascripts/bundle.*.js")
    css = styles([file.content_string for file in material], [f.content_string for f in sheets])
    js = script([file.content_string for file in shims], bundle.content_string,
                [file.content_string for file in scripts])  # fmt: skip
    config.extra_css, config.extra_javascript = [], []
    own = _only(files, SEARCH)
    worker = _only(files, "assets/javascripts/workers/search.*.js")
    files.remove(worker)
    files.remove(own)
    files.append(File.generated(config, worker.src_uri, content=bare(own.content_string)))
    for file in (*sheets, *scripts, *shims, *material, bundle):
        files.remove(file)
    for file in [file for file in files if file.src_uri.endswith(".map")]:
        files.remove(file)
    made = (("css", css), ("js", js))
    for kind, text in made:
        name = f"assets/{kind}/guide.{sha256(text.encode()).hexdigest()[:8]}.{kind}"
        files.append(File.generated(config, name, content=text))
        config.extra[f"bundle_{kind}"] = name
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 MkDocs' signature
    """Tables get their boxes."""
    return boxed(output)


def styles(material: list[str], own: list[str]) -> str:
    """What the guide needs of Material's style sheets as the lowest layer, its own above them."""
    text = "\n".join(own)
    lowest = "".join(sheet.removeprefix('@charset "UTF-8";') for sheet in material)
    lowest = by_box(without_unused(lowest, beside=text))
    dark = _DARK.search(text)
    if dark:
        # Without scripts nothing else reads which colours the reader's system has.
        text += (
            "@media screen and (prefers-color-scheme: dark) {"
            f' .no-js [data-md-color-scheme="default"] {{{dark[1]}\n}} }}\n'
        )
    whole = f"@layer material, prose, reset;\n@layer material {{{lowest}}}\n{text}"
    return re.sub(r"\n\s*", "\n", _COMMENT.sub("", whole))


def script(shims: list[str], material: str, own: list[str]) -> str:
    """Material's script as repaired, between what it needs and the guide's own scripts."""
    for old, new in REPAIRS:
        if material.count(old) != 1:
            raise PluginError(
                f"Material's script is not that of version {MATERIAL}: it has {old!r}"
                f" {material.count(old)} times; see macros/site/bundle.py"
            )
        material = material.replace(old, new)
    for pattern, new in ((_DIAGRAMS, '=""'), (_FOCUS, "(function(){})")):
        material, replaced = pattern.subn(new, material)
        if replaced != 1:
            raise PluginError(
                f"Material's script has {pattern.pattern} {replaced} times: see bundle.py"
            )
    parts = [*shims, LAZY_WORKER, material, *own]
    return ";\n".join(bare(part) for part in parts) + "\n"


def bare(script: str) -> str:
    """A script without the comments that stand on lines of their own."""
    return _LINE_COMMENT.sub("", script.rstrip())


LAZY_WORKER = """class LazyWorker extends EventTarget {
  constructor(url) { super(); this.url = url; }
  postMessage(message) {
    if (!this.worker) {
      this.worker = new Worker(this.url);
      this.worker.addEventListener("message", ({ data }) =>
        this.dispatchEvent(new MessageEvent("message", { data })));
    }
    this.worker.postMessage(message);
  }
}"""
"""A worker that is started with its first message."""


def _taken(files: Files, paths: list[str]) -> list[File]:
    named = [files.get_file_from_path(path) for path in paths]
    missing = [path for path, file in zip(paths, named, strict=True) if file is None]
    if missing:
        raise PluginError(f"mkdocs.yml names {missing[0]}, which is not there")
    return [file for file in named if file is not None]


def _only(files: Files, pattern: str) -> File:
    matching = [file for file in files if Path(file.src_uri).match(pattern)]
    if len(matching) != 1:
        raise PluginError(f"Material {MATERIAL} has one {pattern}; here are {len(matching)}")
    return matching[0]
