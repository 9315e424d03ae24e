"""The column of the words: which columns of a raw file may hold them."""

from itertools import pairwise

from nerpipe.corpus.layout import Column
from nerpipe.corpus.samples import Sample
from nerpipe.corpus.tag_columns import TagColumn

LEAST_RUNNING = 3  # Sentences of several words that a column of running numbers counts.
LEAST_DISTINCT = 0.4  # A column of words has at least this share of the distinct values of the column that has most.
LEAST_ROWS = 100  # Fewer rows are thin evidence.
# Tags of the Penn Treebank and of Universal Dependencies. A column that holds nothing else does not hold the words.
PARTS_OF_SPEECH = frozenset(
    """
    CC CD DT EX FW IN JJ JJR JJS LS MD NN NNS NNP NNPS PDT POS PRP PRP$ RB RBR RBS RP SYM TO UH VB VBD VBG VBN VBP VBZ
    WDT WP WP$ WRB # $ . , : ( ) `` '' -LRB- -RRB- HYPH NFP AFX GW ADD XX -X-
    ADJ ADP ADV AUX CCONJ CONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ VERB X
    """.split()  # noqa: SIM905 - a list would have a line for each
)


def token_columns(sample: Sample, found: list[TagColumn], tags: list[TagColumn]) -> list[Column]:
    """Return the column of the words, or several if it is not clear which one holds them.

    Args:
        sample: The rows that were looked at.
        found: All columns of tags.
        tags: Those that may be the tag column.
    """
    width, rows = sample.shape.width, len(sample.rows)
    taken = {tag.column.at for tag in found}
    free = [i for i in range(width) if i not in taken]
    if width == 2:  # noqa: PLR2004 - a token and a tag
        left = free or [i for i in range(width) if i not in {tag.column.at for tag in tags}] or [0]
        long = sum(end - start > 1 for start, end in pairwise([*sample.starts, rows]))
        return [] if sample.is_running(left[0]) and long >= LEAST_RUNNING else [Column(left[0])]
    distinct = {index: len(set(sample.column(index))) for index in free if _may_be_words(sample, index)}
    several = {index: count for index, count in distinct.items() if count > 1}
    distinct = several or distinct
    if not distinct:
        return [Column(index) for index in free]
    most = max(distinct.values())
    likely = [index for index, count in distinct.items() if count >= LEAST_DISTINCT * most]
    first = likely[0]
    usual = next(index for index in free if not sample.has_digits(index))
    if tags and all(tag.column.at < first for tag in tags):
        return [Column(index) for index in likely]  # Whoever puts the tag first has an order of their own.
    if not any(_are_words_of(sample, index, first) for index in likely[1:]) and (first == usual or rows >= LEAST_ROWS):
        return [Column(first)]
    return [Column(index) for index in likely]


def _may_be_words(sample: Sample, index: int) -> bool:
    """Return whether a column may hold words: no numbers, places, fields, parts of speech or ids of rows."""
    if sample.has_digits(index) or sample.is_fields(index):
        return False
    cells = set(sample.column(index))
    speech = cells <= PARTS_OF_SPEECH and any(map(str.isalpha, cells))
    return not speech and not len(cells) == len(sample.rows) >= LEAST_ROWS


def _are_words_of(sample: Sample, later: int, first: int) -> bool:
    """Return whether the first of two columns seems to hold the lemmas of the words in the later one.

    Then half of the cells or more are the same, and the later column has more capitals, or as many and more different
    cells.
    """
    same = sum(row[later].casefold() == row[first].casefold() for row in sample.rows)
    one, two = (
        (sum(cell[:1].isupper() for cell in cells), len(set(cells)))
        for cells in (sample.column(later), sample.column(first))
    )
    return 2 * same >= len(sample.rows) and one > two
