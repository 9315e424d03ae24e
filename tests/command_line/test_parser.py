"""A mistyped command line: what is blamed, what is proposed, and whose usage is shown."""

import pytest

from nerpipe.cli import make_parser


def refused(capsys, *arguments):
    """The command whose usage is shown, and the message."""
    with pytest.raises(SystemExit) as end:
        make_parser().parse_args(arguments)
    assert end.value.code == 2
    usage, _, message = capsys.readouterr().err.strip().rpartition("\n")
    command, said = message.split(": error: ")
    assert usage.startswith(f"usage: {command} [-h]")
    return command, said


PREDICT = ("predict", "model", "text")


@pytest.mark.parametrize(
    ("arguments", "command", "message"),
    [
        ((*PREDICT, "--outptu", "x"), "nerpipe predict", "there is no option --outptu (did you mean --output?)"),
        ((*PREDICT, "--outptu=x"), "nerpipe predict", "there is no option --outptu (did you mean --output?)"),
        ((*PREDICT, "-o", "x"), "nerpipe predict", "there is no option -o (did you mean --output?)"),
        (("predict", "--Backend", "onnx", "model"), "nerpipe predict", "no option --Backend (did you mean --backend?)"),
        # The required --name is there, only misspelt.
        (("import", "f", "--nmae", "mine"), "nerpipe import", "there is no option --nmae (did you mean --name?)"),
        (("search", "--xyz"), "nerpipe search", "there is no option --xyz"),
        (("search", "-t", "3"), "nerpipe search", "there is no option -t (did you mean --trials?)"),
        (("--verison",), "nerpipe", "there is no option --verison (did you mean --version?)"),
        (("--nope", "check", "sample"), "nerpipe", "there is no option --nope"),
        (("check", "sample", "more"), "nerpipe check", "nothing can be done with more: "),
        (("check", "sample\x1b[31m", "\x1b[31m"), "nerpipe check", r"nothing can be done with \x1b[31m: "),
        (
            ("predcit", "model"),
            "nerpipe",
            "there is no command predcit (did you mean predict?); the commands are import",
        ),
        (("Score",), "nerpipe", "there is no command Score (did you mean score?)"),
        (("xyzzy",), "nerpipe", "there is no command xyzzy; the commands are import, check"),
        (
            ("predict", "model", "--backend", "onyx"),
            "nerpipe predict",
            "argument --backend: 'onyx' is not allowed (did you mean onnx?); expected one of onnx, openvino, torch",
        ),
        (
            ("compare", "main", "--split=TEST"),
            "nerpipe compare",
            "argument --split: 'TEST' is not allowed (did you mean test?); expected one of dev, test",
        ),
        (("completion", "fish"), "nerpipe completion", "argument SHELL: 'fish' is not allowed; expected one of bash"),
    ],
)
def test_what_is_wrong_is_blamed_alone_beside_what_was_meant(capsys, arguments, command, message):
    shown, said = refused(capsys, *arguments)
    assert shown == command
    assert message in said


@pytest.mark.parametrize("text", ["-5", "-.5", "-xyz", "--", "--zzzz"])
@pytest.mark.parametrize("before", [(), ("--to", "jsonl")])
def test_a_text_that_begins_with_a_dash_stands_behind_two_dashes(capsys, text, before):
    assert make_parser().parse_args([*PREDICT, *before, "--", text]).texts == ["text", text]
    if text != "--":
        said = refused(capsys, *PREDICT, *before, text)[1]
        advice = f"put -- before a text that begins with a dash, as in `-- {text}`"
        assert said == f"there is no option {text}; {advice}"


def test_the_name_of_a_data_set_is_no_text(capsys):
    assert "put -- before a name that begins with a dash" in refused(capsys, "check", "-mine")[1]
    assert make_parser().parse_args(["check", "--", "-mine"]).name == "-mine"


def test_a_negative_number_behind_an_option_is_a_value_of_it(capsys):
    said = refused(capsys, *PREDICT, "--threads", "-5")[1]
    assert said == "argument --threads: '-5' is not a whole number of 1 or more"


def test_a_text_of_several_words_and_a_single_dash_are_no_options():
    assert make_parser().parse_args(["predict", "model", "- Zoo", "-"]).texts == ["- Zoo", "-"]
    assert make_parser().parse_args(["predict", "model", "--input", "-"]).input == ["-"]


def test_the_short_form_of_an_option_still_holds():
    assert str(make_parser().parse_args(["predict", "model", "--outp", "x"]).output) == "x"


def test_help_is_shown_also_beside_an_option_that_does_not_exist(capsys):
    with pytest.raises(SystemExit) as end:
        make_parser().parse_args(["predict", "--nope", "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: nerpipe predict")
