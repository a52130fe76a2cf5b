"""Tables of the text have their boxes when a page comes; those of figures have none."""

import pytest

from macros.site.boxed_tables import boxed, by_box

BOX = '<div class="md-typeset__scrollwrap"><div class="md-typeset__table">'
TABLE = "<table>\n<tr><td>1</td></tr>\n</table>"


def test_each_table_of_the_text_stands_in_a_box() -> None:
    assert boxed(f"<p>a</p>{TABLE}<p>b</p>{TABLE}") == (
        f"<p>a</p>{BOX}{TABLE}</div></div><p>b</p>{BOX}{TABLE}</div></div>"
    )


@pytest.mark.parametrize(
    "page",
    [
        f"<figure>{TABLE}</figure>",
        f"<figure><figure>x</figure>{TABLE}</figure>",
        '<table class="fields"><tr><td>1</td></tr></table>',
        "<figcaption>no figure</figcaption>",
    ],
)
def test_figures_and_tables_with_a_class_stay_as_they_are(page: str) -> None:
    assert boxed(page) == page


def test_a_table_after_a_figure_has_a_box() -> None:
    assert boxed(f"<figure>{TABLE}</figure>{TABLE}").endswith(f"{BOX}{TABLE}</div></div>")


def test_style_sheets_know_tables_by_their_boxes() -> None:
    sheet = ".md-typeset table:not([class]) th,.a{color:red}"
    assert by_box(sheet) == ".md-typeset .md-typeset__table>table th,.a{color:red}"
