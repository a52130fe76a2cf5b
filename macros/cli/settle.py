"""`guide settle`: read kept transcripts against the recordings again. No lab is needed."""

import click

from macros.cli import page_names
from macros.cli.settings import guide_of_checkout
from macros.ground.errors import GuideError
from macros.rebuild import transcripts
from macros.settle.folder import Shared
from macros.store import reader, writer


@click.command()
@click.argument("pages", nargs=-1, metavar="[PAGE...]")
@click.option("--edition", help="The edition to settle against; default: the one the site shows.")
def settle(pages: tuple[str, ...], edition: str | None) -> None:
    """Settle the newest kept transcript of PAGEs (default: all that have one).

    `guide record` does this at its end. This does it again, without a lab, against the
    recordings as they are now: after `git checkout -- recordings`, or when the rules for noise
    have changed.
    """
    guide = guide_of_checkout(edition)
    known = guide.pages
    names = [page_names.key(name) for name in pages]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise page_names.unknown(unknown[0], known)
    shared: Shared = {}
    folder = guide.recordings / guide.edition_name
    count = 0
    with writer.lock(guide.recordings):
        for key in names or list(known):
            try:
                transcript = transcripts.kept(known[key], folder)
            except GuideError:
                if names:
                    raise
                continue
            count += 1
            changed = transcripts.publish(known[key], transcript, folder, shared)
            click.echo(f"{key}: {_outcome(changed, transcript.name, reader.shown(folder / key))}")
    if not count:
        raise GuideError("no transcript is kept", fix="guide lab up, then guide record")


def _outcome(changed: bool, run: str, folder: str) -> str:
    """What settling a run came to, and against what: the files as they are, not git's."""
    when = f"{run[:4]}-{run[4:6]}-{run[6:8]} {run[9:11]}:{run[11:13]} UTC"
    if changed:
        return f"the run of {when} settled against {folder}, which it replaces; see guide review"
    return (
        f"settled, unchanged: the run of {when} gives what is in {folder} now, which it may have"
        f" written itself; for the recording of the last commit, git checkout HEAD -- {folder}"
        " first"
    )
