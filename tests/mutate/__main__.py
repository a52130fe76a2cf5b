"""Run the mutations: see the package. Exit code 1 where one is missed or falsely raised."""

import os
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from random import Random
from typing import NamedTuple

from macros.cli.settings import guide_of_checkout
from tests.mutate import changes, foreign, harmless, shapes
from tests.mutate.files import Candidate, Difference, Run, load, settle

COUNT = 200
# So many changes of one kind, each in files of its own, are settled at once: 200 of each kind
# would take half an hour otherwise. A batch may be of one.
BATCH = 24
# Harmless differences are made together, whatever their kind; a process makes a share of each.
_SHARES = 8


_CHANGES = {**changes.KINDS, **shapes.KINDS}


class _Told(NamedTuple):
    """What is said of one that was missed or raised."""

    kind: str
    page: str
    where: str
    before: str
    after: str


def main() -> int:
    """Print each miss and raise in a line, and the figures."""
    if sys.argv[1:]:
        print("usage: [SEED=1] [COUNT=200] [KIND='...'] make mutate", file=sys.stderr)
        return 2
    seed = int(os.environ.get("SEED", "1"))
    count = int(os.environ.get("COUNT", str(COUNT)))
    only = os.environ.get("KIND")
    begun = time.monotonic()
    kinds = [kind for kind in _CHANGES if only in {None, kind}]
    others = [kind for kind in harmless.KINDS if only in {None, kind}]
    shares = [count // _SHARES + (number < count % _SHARES) for number in range(_SHARES)]
    # What takes longest comes first.
    tasks = [
        _Task("harmless", f"{only or ''} {number}".strip(), seed, share)
        for number, share in enumerate(shares)
        if share and others
    ]
    tasks += [_Task("change", kind, seed, count) for kind in kinds]
    made: Counter[str] = Counter()
    done: Counter[str] = Counter()
    missed: list[_Told] = []
    raised: list[_Told] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for task, (counts, told) in zip(tasks, pool.map(_do, tasks), strict=True):
            _progress(f"{task.sort} {task.kind} ({time.monotonic() - begun:.0f} s)")
            _say("missed" if task.sort == "change" else "raised", told)
            (made if task.sort == "change" else done).update(counts)
            (missed if task.sort == "change" else raised).extend(told)
    _progress("")
    _table("kind", "mutations", "missed", made, missed)
    _table("kind", "harmless", "raised", done, raised)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"seed {seed}, {time.monotonic() - begun:.0f} s on {os.cpu_count()} cores,"
        f" {spent.ru_utime + spent.ru_stime:.0f} s of computing"
        f" (SEED={seed} KIND='...' for one kind)"
    )
    print(f"mutations {sum(made.values())} missed {len(missed)}")
    print(f"harmless {sum(done.values())} raised {len(raised)}")
    return 1 if missed or raised else 0


class _Task(NamedTuple):
    """What one process does: all changes of a kind, or a share of all harmless differences."""

    sort: str
    kind: str
    seed: int
    times: int


def _do(task: _Task) -> tuple[Counter[str], list[_Told]]:
    rng = Random(f"{task.seed} {task.sort} {task.kind}")  # noqa: S311 seeded
    if task.sort == "change":
        made, told = _mutate(task.kind, _runs(), rng, task.times)
        return Counter({task.kind: made}), told
    only = task.kind.rpartition(" ")[0]
    kinds = [kind for kind in harmless.KINDS if only in {"", kind}]
    return _differ(kinds, rng, task.times)


@cache
def _runs() -> list[Run]:
    """Every recording, and every output of tests/foreign; ONLY=foreign: these alone."""
    if os.environ.get("ONLY") == "foreign":
        return list(foreign.runs())
    shown = guide_of_checkout()
    recorded = [
        load(page, guide.recordings / guide.edition_name / key)
        for guide in map(shown.of_edition, sorted((shown.edition_name, *shown.others)))
        for key, page in guide.pages.items()
        if (guide.recordings / guide.edition_name / key).is_dir()
    ]
    return [*recorded, *foreign.runs()]


def _mutate(kind: str, runs: Sequence[Run], rng: Random, count: int) -> tuple[int, list[_Told]]:
    """Make `count` changes of a kind; how many could be made, and those that do not show."""
    pool = [candidate for run in runs for candidate in _CHANGES[kind](run)]
    missed: list[_Told] = []
    made = tried = 0
    while pool and made < count and tried < count * 4:
        by_run: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in rng.sample(pool, len(pool)):
            by_run[str(candidate.run.folder)].append(candidate)
        for candidates in by_run.values():
            while candidates and made < count and tried < count * 4:
                size = rng.randrange(1, BATCH + 1)
                batch: list[Difference] = []
                taken: set[str] = set()
                for candidate in list(candidates[: size * 2]):
                    difference = candidate.make(rng)
                    if difference is not None and taken & difference.files.keys():
                        continue
                    candidates.remove(candidate)
                    tried += 1
                    if difference is None:
                        continue
                    batch.append(difference)
                    taken |= difference.files.keys()
                    if len(batch) == min(size, count - made):
                        break
                if batch:
                    made += len(batch)
                    missed += _missed(kind, candidate.run, batch)
    return made, missed


def _missed(kind: str, run: Run, batch: Sequence[Difference]) -> list[_Told]:
    files = {name: raw for difference in batch for name, raw in difference.files.items()}
    settled = settle(run, files)
    return [
        _Told(kind, _page(run), difference.where, difference.before, difference.after)
        for difference in batch
        if any(settled.get(name) == run.files[name] for name in difference.files)
        and not _alone(run, difference)
    ]


def _alone(run: Run, one: Difference) -> bool:
    """Whether a change in one file shows somewhere.

    Of two places that contradict each other, it may be the other that shows it.
    """
    return len(one.files) == 1 and settle(run, one.files) != run.files


@cache
def _fitting(kind: str) -> list[Run]:
    """The runs in which a harmless difference of a kind can be made."""
    make = harmless.KINDS[kind]
    return [run for run in _runs() if make(Random(3), run).files != run.files]  # noqa: S311


def _differ(kinds: Sequence[str], rng: Random, count: int) -> tuple[Counter[str], list[_Told]]:
    """Make `count` harmless differences of each kind; several at once, as a fresh lab does."""
    fitting = {kind: _fitting(kind) for kind in kinds}
    made: Counter[str] = Counter()
    raised: list[_Told] = []
    while True:
        left = [kind for kind in kinds if fitting[kind] and made[kind] < count]
        if not left:
            return made, raised
        run = rng.choice(fitting[left[0]])
        fit = [kind for kind in left if run in fitting[kind]]
        chosen = rng.sample(fit, rng.randrange(1, min(len(fit), 12) + 1))
        new = run
        for kind in chosen:
            before = new
            new = harmless.KINDS[kind](rng, new)
            made[kind] += new.files != before.files
        reported = _raised(run, new)
        if reported:
            # Which of them it was; together they may raise what none does alone.
            alone = chosen
            if len(chosen) > 1 and len(raised) < 60:
                alone = [
                    chosen_kind
                    for chosen_kind in chosen
                    if _raised(run, harmless.KINDS[chosen_kind](rng, run))
                ]
            raised.append(_Told(" + ".join(alone or chosen), _page(run), *reported[0]))


def _page(run: Run) -> str:
    return run.page.key if run.page.key != "page" else f"foreign/{run.folder.name}"


def _raised(run: Run, new: Run) -> list[tuple[str, str, str]]:
    settled = settle(run, new.files)
    texts = []
    for name in sorted(settled.keys() | run.files.keys()):
        is_, was = settled.get(name, b""), run.files.get(name, b"")
        if is_ == was:
            continue
        if name.endswith(".pcap"):
            texts.append((name, f"{len(was)} bytes", f"{len(is_)} bytes"))
            continue
        old, text = was.decode().split("\n"), is_.decode().split("\n")
        index = next(
            (
                index
                for index, pair in enumerate(zip(old, text, strict=False))
                if pair[0] != pair[1]
            ),
            min(len(old), len(text)) - 1,
        )
        texts.append((f"{name}:{index + 1}", old[index], text[index]))
    return texts


def _table(kind: str, all_: str, wrong: str, made: Counter[str], told: Sequence[_Told]) -> None:
    if not made:
        return
    counts = Counter(miss.kind for miss in told)
    print(f"{kind:<28}{all_:>10}{wrong:>8}")
    for name in [*made, *(name for name in counts if name not in made)]:
        print(f"{name:<28}{made[name]:>10}{counts[name]:>8}")
    print()


def _say(what: str, told: Sequence[_Told]) -> None:
    """Each as soon as it is known: all of them take half an hour."""
    for one in told:
        _progress("")
        print(
            f"{what}: {one.kind}: {one.page}/{one.where}: {_short(one.before)} ->"
            f" {_short(one.after)}",
            flush=True,
        )


def _short(text: str) -> str:
    line = text.strip().split("\n")[0]
    return repr(line if len(line) < 90 else f"{line[:87]}...")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
    elif text:
        sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
