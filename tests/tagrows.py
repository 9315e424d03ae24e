"""Tag rows for tests: strategies of Hypothesis, and the tags of real files."""

from hypothesis import strategies as st

TAGS = ["O", "B-a", "I-a", "B-b", "I-b", "I-creative-work"]  # malformed sequences come of themselves


def rows_of(path, column=-1):
    """One column of each sentence of a CoNLL file."""
    sentences = [[]]
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            sentences[-1].append(line.replace("\t", " ").strip("\r").split(" ")[column].strip())
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


@st.composite
def gold_and_predicted(draw, min_sentences=1):
    """Two lists of tag rows of the same shape."""
    lengths = draw(st.lists(st.integers(1, 8), min_size=min_sentences, max_size=6))
    tags = st.sampled_from(TAGS)
    return tuple([draw(st.lists(tags, min_size=n, max_size=n)) for n in lengths] for _ in "gp")
