"""Differences between two sides, by hand and by property; and settings over seeds."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nerpipe.comparison.common_data import check_same_gold
from nerpipe.comparison.comparison_json import comparison_as_json
from nerpipe.comparison.display import print_comparison, print_seeds, seeds_as_json
from nerpipe.comparison.revisions import SystemOutput, load_output
from nerpipe.comparison.seeds import Run, spread, tabulate_runs, with_t_interval
from nerpipe.comparison.systems import Estimate, compare, interval_notes, judge, verdict_in_words
from nerpipe.errors import NerpipeError
from tagrows import TAGS, gold_and_predicted


def side(name, gold, predicted, tokens=None):
    return SystemOutput(
        name, f"{name}.conll", tokens or [[f"w{i}" for i in range(len(row))] for row in gold], gold, predicted
    )


def both(gold, one, two, resamples=200):
    return compare(side("one", gold, one), side("two", gold, two), resamples=resamples, seed=1)


def test_by_hand():
    gold = [["B-a", "O"], ["B-b", "I-b"], ["O", "O"], ["B-a", "O"]]
    one = [["B-a", "O"], ["B-b", "O"], ["O", "B-a"], ["O", "O"]]
    two = [["O", "O"], ["B-b", "I-b"], ["B-b", "O"], ["B-a", "O"]]
    found = both(gold, one, two)
    # gold: a(0) of 1, b(0-2) of 2, a(0) of 4; three entities.
    # one: a(0) right, b(0-1) wrong, a(1) wrong: 1 of 3, F1 = 2/6
    # two: b(0-2) right, b(0) wrong, a(0) right: 2 of 3, F1 = 4/6
    assert found.micro.first.value == pytest.approx(1 / 3)
    assert found.micro.other.value == pytest.approx(2 / 3)
    assert found.micro.delta.value == pytest.approx(1 / 3)
    assert found.micro.support == 3
    # a: one has 1 right of 2 predicted and 2 gold, two 1 of 1 and 2; b: one 0 of 1 and 1, two 1 of 2 and 1
    assert found.per_type["a"].delta.value == pytest.approx(2 / 3 - 2 / 4)
    assert found.per_type["b"].delta.value == pytest.approx(2 / 3 - 0)
    assert {kind: row.support for kind, row in found.per_type.items()} == {"a": 2, "b": 1}
    # sentence 1 was right and is wrong; 2 and 4 were wrong and are right; 3 is wrong on both sides, in different ways
    assert [(change.kind, change.sentence) for change in found.changes] == [
        ("broken", 1),
        ("fixed", 2),
        ("fixed", 4),
        ("changed", 3),
    ]
    broken, fixed, *_ = found.changes
    assert (broken.first, broken.other) == ([("a", 0, 1, "w0")], [])
    assert fixed.gold == [("b", 0, 2, "w0 w1")]
    assert fixed.text == "w0 w1"


def test_predictions_are_read_with_their_blanks_odd_words_and_boundaries_of_documents(tmp_path):
    path = tmp_path / "test.conll"
    text = (
        "-DOCSTART-\tO\tnews 1\n\n \tO\tO\t0.9000\na\u2028b\tB-a\tO\t0.5000\n\n-DOCSTART-\tO\n\n#\tB-a\tB-a\t0.9000\n\n"
    )
    path.write_text(text, encoding="utf-8", newline="\n")
    found = load_output(str(path), "test")
    assert found.tokens == [[" ", "a\u2028b"], ["#"]]
    assert found.gold == [["O", "B-a"], ["B-a"]]
    assert found.predicted == [["O", "O"], ["B-a"]]


def test_the_p_value_by_hand():
    # one sentence in which two finds the entity: swapped or not, the two are as far apart, so every swap counts
    assert both([["B-a"]], [["O"]], [["B-a"]]).p == 1.0
    # ten such sentences: only 2 of 2**10 swaps part them as far, so that p is near 1/512
    many = both([["B-a"]] * 10, [["O"]] * 10, [["B-a"]] * 10, resamples=20_000)
    assert many.p == pytest.approx(2 / 1024, abs=0.001)
    assert many.micro.delta == Estimate(1.0, 1.0, 1.0)
    assert many.verdict == "better"
    assert verdict_in_words(many).endswith(": better")
    assert both([["B-a"]] * 10, [["B-a"]] * 10, [["O"]] * 10, resamples=2000).verdict == "worse"


def test_documents_are_swapped_and_drawn_as_wholes():
    # two documents of ten sentences: in the first two is right and one wrong, in the second the other way round
    gold = [["B-a"]] * 20
    one, two = [["O"]] * 10 + [["B-a"]] * 10, [["B-a"]] * 10 + [["O"]] * 10
    rows = [side(name, gold, tags) for name, tags in (("one", one), ("two", two))]
    boundaries = {0: "x", 10: None}
    found = compare(*(replace(row, boundaries=boundaries) for row in rows), resamples=4000, seed=1)
    # a quarter of the resamples draws the first document twice, a quarter the second
    assert (found.micro.delta.low, found.micro.delta.high) == (-1.0, 1.0)
    assert (found.units.kind, found.units.count, found.sentences) == ("documents", 2, 20)
    assert interval_notes(found) == ["Intervals and p are from resampled documents (2 of them)."]
    plain = compare(*rows, resamples=4000, seed=1)
    assert (plain.units.kind, interval_notes(plain)) == ("sentences", [])
    assert plain.micro.delta.high < 0.7
    # ten documents in which two is right: p as with ten sentences, however many sentences a document has
    clear = [
        replace(side(name, [["B-a"]] * 40, tags), boundaries=dict.fromkeys(range(0, 40, 4)))
        for name, tags in (("one", [["O"]] * 40), ("two", [["B-a"]] * 40))
    ]
    assert compare(*clear, resamples=20_000, seed=1).p == pytest.approx(2 / 1024, abs=0.001)


def test_an_older_run_has_the_documents_of_the_other_side_and_different_documents_are_refused():
    gold = [["B-a"], ["B-a"], ["O"]]
    one, two = side("one", gold, gold), replace(side("two", gold, gold), boundaries={0: "x", 2: None})
    for sides in ((one, two), (two, one)):
        assert compare(*sides, resamples=100, seed=1).units.names == ["x", "#2"]
    with pytest.raises(NerpipeError) as error:
        compare(two, replace(one, boundaries={0: "x", 1: "y", 2: None}), resamples=100, seed=1)
    assert "Sentence 2 is the first that differs" in str(error.value)
    assert "it begins no document in two.conll, but begins the document 'y' in one.conll" in str(error.value)


@pytest.mark.parametrize(
    ("gold", "boundaries", "said"),
    [
        ([["B-a"]], {}, "The gold tags hold only one sentence"),
        ([["B-a"], ["B-a"]], {0: None}, "The gold tags hold only one document"),
        ([["B-a"], ["O"]], {}, "entities in only one of its 2 sentences"),
        ([["O"], ["O"]], {}, "There is no gold entity"),
    ],
)
def test_without_an_interval_there_is_no_verdict(gold, boundaries, said):
    sides = [
        replace(side("one", gold, gold), boundaries=boundaries),
        replace(side("two", gold, [["B-b"]] * len(gold)), boundaries=boundaries),
    ]
    found = compare(*sides, resamples=100, seed=1)
    assert {found.micro.first.low, found.micro.delta.low, found.per_type["b"].delta.high} == {None}
    assert found.verdict == "noise"
    assert "no interval" in verdict_in_words(found)
    assert said in interval_notes(found)[0]
    as_json = json.loads(json.dumps(comparison_as_json(found, *sides), allow_nan=False))
    assert as_json["difference"]["low"] is None
    assert as_json["notes"] == interval_notes(found)


def test_a_type_with_few_entities_is_marked_and_resamples_without_it_are_counted(capsys):
    gold = [["B-a", "O"]] * 18 + [["B-a", "B-b"]] * 2
    sides = [side("one", gold, gold), side("two", gold, [["B-a", "O"]] * 20)]
    found = compare(*sides, resamples=10_000, seed=1)
    assert found.per_type["a"].left_out == 0
    assert found.per_type["b"].left_out / 10_000 == pytest.approx(0.9**20, abs=0.015)
    assert found.per_type["b"].delta == (-1.0, -1.0, -1.0)  # a resample without it would add a difference of 0
    rows = comparison_as_json(found, *sides)["per_type"]
    assert [rows[kind]["mark"] for kind in "ab"] == [None, "too few"]
    print_comparison(found, *sides, show=0)
    assert "2 (too few)" in capsys.readouterr().out


def test_a_type_that_only_one_side_predicts_is_compared():
    found = both([["B-a"]], [["B-a"]], [["B-z"]])
    assert found.per_type["z"].support == 0
    assert found.per_type["z"].delta.value == 0.0
    assert found.per_type["a"].delta.value == -1.0


@pytest.mark.parametrize(
    ("delta", "p", "verdict"),
    [
        ((0.02, 0.001, 0.04), 0.049, "better"),
        ((0.02, 0.001, 0.04), 0.05, "noise"),
        ((0.02, -0.001, 0.04), 0.01, "noise"),
        ((0.02, 0.0, 0.04), 0.01, "noise"),
        ((-0.02, -0.04, -0.001), 0.01, "worse"),
    ],
)
def test_the_rule(delta, p, verdict):
    assert judge(Estimate(*delta), p) == verdict


@given(gold_and_predicted())
@settings(max_examples=40)
def test_a_system_differs_from_itself_by_nothing(rows):
    found = both(rows[0], rows[1], rows[1])
    for difference in (found.micro, *found.per_type.values()):
        assert difference.delta in ((0.0, 0.0, 0.0), (0.0, None, None))
        assert difference.first == difference.other
    assert (found.p, found.verdict, found.changes) == (1.0, "noise", [])


@given(gold_and_predicted(), st.data())
@settings(max_examples=40)
def test_swapping_the_sides_negates_the_difference(rows, data):
    gold, one = rows
    two = [data.draw(st.lists(st.sampled_from(TAGS), min_size=len(row), max_size=len(row))) for row in gold]
    there, back = both(gold, one, two), both(gold, two, one)
    assert there.micro.delta.value == -back.micro.delta.value
    for kind, difference in there.per_type.items():
        assert difference.delta.value == -back.per_type[kind].delta.value
    turned = {"fixed": "broken", "broken": "fixed", "changed": "changed"}
    assert {(c.sentence, c.kind) for c in there.changes} == {(c.sentence, turned[c.kind]) for c in back.changes}


@pytest.mark.parametrize(
    ("tokens", "gold", "parts"),
    [
        ([["a", "b"], ["c"]], [["O", "O"], ["B-x"]], ["Sentence 2", "word 1 'c' O in one.conll", "word 1 'c' B-x"]),
        ([["a", "d"], ["c"]], [["O", "O"], ["O"]], ["Sentence 1", "word 2 'b' O", "word 2 'd' O"]),
        ([["a"], ["c"]], [["O"], ["O"]], ["Sentence 1", "word 2 'b' O", "no word after word 1"]),
        ([["a", "b"]], [["O", "O"]], ["one.conll has 2 sentences, two.conll has 1"]),
    ],
)
def test_different_gold_is_refused_with_the_first_place(tokens, gold, parts):
    one = side("one", [["O", "O"], ["O"]], [["O", "O"], ["O"]], [["a", "b"], ["c"]])
    with pytest.raises(NerpipeError) as error:
        check_same_gold(one, side("two", gold, gold, tokens))
    for part in [*parts, "cannot be compared", "dvc repro"]:
        assert part in str(error.value)


def test_the_intervals_hold_what_is_drawn(wnut17):
    """The published systems: far apart is told from close together."""
    from tagrows import rows_of

    gold, tokens = rows_of(wnut17 / "emerging.test.annotated"), rows_of(wnut17 / "emerging.test.annotated", 0)
    best, second, last = (
        side(name, gold, rows_of(wnut17 / "submissions" / name), tokens)
        for name in ("uh_ritual", "spinningbytes.txt", "drexel_cci")
    )
    close = compare(second, best, resamples=2000, seed=1)
    assert (close.verdict, round(100 * close.micro.delta.value, 2)) == ("noise", 1.09)
    assert close.micro.delta.low < 0 < close.micro.delta.high
    assert compare(last, best, resamples=2000, seed=1).verdict == "better"


def run(seed, f1, name="", **settings):
    return Run(name or f"{seed}{settings}", tuple(sorted(settings.items())), seed, {"dev": f1, "test": f1})


def test_settings_over_seeds_are_signed(capsys):
    signed = [
        run(seed, 0.5, lr=lr)._replace(signatures={"dev": "of dev", "test": f"of test {lr}"})
        for seed in (1, 2)
        for lr in (1, 2)
    ]
    print_seeds(tabulate_runs([*signed, run(3, 0.5, lr=1)]))
    out = capsys.readouterr().out.splitlines()
    assert out[-4:] == [
        "dev   of dev",
        "test  of test 1  (lr=1)",
        "test  of test 2  (lr=2)",
        "The test scores of different signatures do not compare: they count different things.",
    ]
    assert seeds_as_json(tabulate_runs(signed))[1]["signatures"] == {"dev": ["of dev"], "test": ["of test 2"]}


def test_settings_over_seeds_by_hand():
    rows = tabulate_runs(
        [
            *(run(1, 0.50, lr=1e-4), run(2, 0.60, lr=1e-4), run(3, 0.9, lr=1e-4)),
            *(run(1, 0.54, lr=2e-4), run(2, 0.66, lr=2e-4)),
        ]
    )
    assert [(row.differing, row.seeds) for row in rows] == [({"lr": 1e-4}, [1, 2, 3]), ({"lr": 2e-4}, [1, 2])]
    # mean 2.0 / 3; deviations -1/6, -1/15, 7/30 squared sum to (25 + 4 + 49) / 900, halved for n - 1 = 2
    assert rows[0].f1["test"].mean == pytest.approx(2 / 3)
    assert rows[0].f1["test"].sd == pytest.approx(math.sqrt(78 / 900 / 2))
    assert rows[0].gain == {}
    # over seeds 1 and 2 the gains are 0.04 and 0.06: mean 0.05, sd 0.02 / sqrt 2; t(0.975, 1) = 12.7062
    gain = rows[1].gain["test"]
    assert (gain.n, gain.mean, gain.sd) == pytest.approx((2, 0.05, 0.02 / math.sqrt(2)))
    assert (gain.low, gain.high) == pytest.approx((0.05 - 0.127062, 0.05 + 0.127062))


def test_the_setting_of_head_goes_first_and_numbers_are_in_order():
    runs = [run(1, 0.5, lr=lr) for lr in (1e-3, 2e-5, 1e-4)]
    assert [row.differing["lr"] for row in tabulate_runs(runs)] == [2e-5, 1e-4, 1e-3]
    assert [row.differing["lr"] for row in tabulate_runs(runs, runs[2].settings)] == [1e-4, 2e-5, 1e-3]


def test_one_number_has_no_deviation_and_no_interval():
    assert with_t_interval([0.5]) == spread([0.5]) == (1, 0.5, None, None, None)
    no_common = tabulate_runs([run(1, 0.5, lr=1.0), run(2, 0.5, lr=2.0)])
    assert no_common[1].gain == {}


def test_same_params_with_other_results_are_refused():
    with pytest.raises(NerpipeError, match=r"one and two have the same params but different results.*exp remove one"):
        tabulate_runs([run(1, 0.5, "one", lr=1.0), run(1, 0.6, "two", lr=1.0)])
    assert tabulate_runs([run(1, 0.5, "one"), run(1, 0.5, "two")])[0].runs == ["one"]


def test_two_files_are_compared_without_anything_heavy(tmp_path):
    for name, tag in (("one", "O"), ("two", "B-a")):
        (tmp_path / name).write_text(f"Ann\tB-a\t{tag}\t0.9000\n\n")
    code = (
        "import sys; from nerpipe.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        "heavy = {'torch', 'transformers', 'datasets', 'pandas', 'dvc'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    command = [sys.executable, "-c", code, "compare", "one", "two"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "fixed  sentence 1: Ann" in done.stdout
