"""The word rules: named rules that find the words of plain text.

A model labels words, so plain text is first cut into words. The stage encode_labels chooses the rule whose words are
nearest to those of the training data, and the exported folder names it. The rules, in the order of RULES:

`general` reads the text from left to right. At each position, the first of these patterns that fits gives a word:

1. A link (`https://...`, `www....`) without the punctuation at its end, or a mail address.
2. `@name`, `#tag`, `$TAG`, or an HTML entity such as `&amp;`.
3. An emoticon that touches no letter or digit, such as `:-)`, `<3`, `xD`, `^_^`.
4. Initials (`U.S.`, `p.m.`). If there are none, a run of letters, digits, `_` and single joining characters. A joining
   character is `'`, `-`, `.`, `,`, `:`, `/` or `&` where people write it within a word (`don't`, `t-shirt`, `bit.ly`,
   `30,000`, `7:30`, `AT&T`). The run includes the currency sign or per-cent sign that touches a number. `'s` at the
   end of a run is a separate word, as in the WNUT-17 corpus.
5. A run of one repeated punctuation mark, or a run of `!` and `?`.
6. A character with all characters that combine with it (Unicode's extended grapheme cluster). An emoji is one word.

`punctuation` cuts at white space and punctuation. A word is a run as in 4, with `'s` and with a hyphen at its start or
end that white space follows or precedes (`Bildungs-`). Everything else is a word as in 5 and 6, so `100 %` and `100%`
give the same words.

`fine` cuts the words of `punctuation` at every hyphen and slash too, and each of these marks is a word.

`mixed` cuts the words of `punctuation` at every character of a script that has no spaces between words
(`joining.SPACELESS_SCRIPTS`). Each such character, with what combines with it, is a word.

`characters` takes every character (Unicode code point) for a word. `blanks` does the same, and a blank (Unicode's space
separators) is a word too.

But for the blanks of `blanks`, white space separates words and belongs to no word. Nothing else is left out: the words
of a text, joined, are all its characters except white space.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import regex

from nerpipe.contracts.files import REBUILD
from nerpipe.contracts.joining import BLANKS, NO_BLANKS, SPACELESS, Joining
from nerpipe.contracts.reports import WordChoice
from nerpipe.contracts.shapes import read_shaped
from nerpipe.errors import NerpipeError

Places = list[tuple[int, int]]  # Start and end of each word in characters (Unicode code points), in ascending order.

_LETTER = r"\p{L}"
_PART = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u200c\u200d\u00ad]*+"  # Joiners and soft hyphens may stand within words.
_CLITIC = r"['’]s(?![\p{L}\p{M}\p{N}_])"
# A character with what combines with it. A character that combines with the next one, such as an Arabic number sign
# (U+0600), does not combine with white space.
_CLUSTER = r"(?! \s ) (?: \p{Grapheme_Cluster_Break=Prepend}++ (?=\s) | \X )"
_CUT_OFF = r"['’](?i:m|d|ve|ll|re)(?![\p{L}\p{M}\p{N}_])"  # Contractions that a tokenizer has split off.

_GENERAL = rf"""
  (?: https?:// | ftp:// | (?<![\p{{L}}\p{{N}}]) www\. ) [^\s<>"]* (?<=[^.,;:!?'"’”)\]}}])
| (?<! [\w.+-] ) [\w.+-]++ (?<=\w) @ [\p{{L}}\p{{N}}-]+ (?: \.[\p{{L}}\p{{N}}-]+ )+
| [@\#] {_PART} (?: -{_PART} )*+
| \$ \p{{L}}{{2,}}+
| & (?: \#\d+ | \#[xX][\da-fA-F]+ | \p{{L}}[\p{{L}}\d]* ) ;
| (?<![\p{{L}}\p{{N}}]) (?:
      [<>}}]? [:;=] ['’]? [-o^*~]?
      (?: [)(\]\[|/\\@*$>}}{{]{{1,20}}+ | 3{{1,20}}+ (?!\p{{N}}) | [DdPpOoSsXx]{{1,20}}+ (?![\p{{L}}\p{{N}}]) )
    | [)(\]\[]{{1,20}}+ [-o^*~]? ['’]? [:;=] (?! [\p{{L}}\p{{N}}] )
    | [xX][-o]?[D)(]{{1,20}}+ (?![\p{{L}}\p{{N}}])
    | </?3{{1,20}}+ (?!\p{{N}})
    | [-^>][._-][-^<] | o[._]O (?!\w) | O[._]o (?!\w) | \\o/ | ¯\\_\(ツ\)_/¯
  )
| (?: {_LETTER} \. ){{2,20}}+ (?: {_LETTER} (?!\w) | (?!\w) )
| \p{{Sc}}? {_PART} (?:
      (?! {_CLITIC} ) ['’] {_PART}
    | - {_PART}
    | (?<=\p{{N}}) [.,:/] (?=\p{{N}}) {_PART}
    | \. (?=[\p{{Ll}}\p{{N}}]) {_PART}
    | (?<=\p{{L}}) / (?=\p{{L}}) {_PART}
    | (?<=\p{{Lu}}) & (?=\p{{Lu}}) {_PART}
  )*+ (?: (?<=\p{{N}}) (?: % | \p{{Sc}} ) )?
| {_CLITIC} | (?<!\S) {_CUT_OFF}
| [!?]{{2,}}+ | ([\p{{P}}\p{{S}}]) (?: \1 (?!\p{{M}}) )++
| {_CLUSTER}
"""
_RUN = rf"""
    {_PART} (?:
      ['’-] {_PART}
    | (?<=\p{{N}}) [.,:/] (?=\p{{N}}) {_PART}
    | \. (?=[\p{{Ll}}\p{{N}}]) {_PART}
    | (?<=\p{{L}}) / (?=\p{{L}}) {_PART}
    | (?<=\p{{Lu}}) & (?=\p{{Lu}}) {_PART}
  )*+
"""
_PUNCTUATION = rf"""
  (?: {_LETTER} \. ){{2,20}}+ (?: {_LETTER} (?!\w) | (?!\w) )
| (?: (?<!\S) - )? {_RUN} (?: - (?!\S) )?
| [!?]{{2,}}+ | ([\p{{P}}\p{{S}}]) (?: \1 (?!\p{{M}}) )++
| {_CLUSTER}
"""
# Every run is possessive or bounded, so that no text makes the search slow.
_WORD, _PLAIN = (regex.compile(rule, regex.VERBOSE) for rule in (_GENERAL, _PUNCTUATION))
_FINE_PART = regex.compile(r"[-/]\p{M}*+|(?:[^-/])++")
_MIXED_PART = regex.compile(rf"(?=[{SPACELESS}])\X|(?:(?![{SPACELESS}])\X)++")
# White space to Python, which reads and writes words, but no white space to `regex`.
_SEPARATOR = regex.compile("[\x1c-\x1f]")
_CHARACTER = regex.compile(r"\S")
_CHARACTER_OR_BLANK = regex.compile(r"[\S\p{Zs}]")


class WordRule(NamedTuple):
    """A rule that finds words, and how words that it found are joined if nothing else is known."""

    find: Callable[[str], Places]
    joining: Joining = BLANKS


def _spans(pattern: "regex.Pattern[str]", text: str) -> Places:
    return [match.span() for match in pattern.finditer(text)]


def _general(text: str) -> Places:
    return _spans(_WORD, text)


def _punctuation(text: str) -> Places:
    return _spans(_PLAIN, text)


def _parts(text: str, words: Places, pattern: "regex.Pattern[str]") -> Places:
    """Cut words into the parts that a pattern finds. The parts of a word cover it."""
    return [match.span() for start, end in words for match in pattern.finditer(text, start, end)]


def _fine(text: str) -> Places:
    words = _punctuation(text)
    return _parts(text, words, _FINE_PART) if "-" in text or "/" in text else words


def _mixed(text: str) -> Places:
    return _parts(text, _punctuation(text), _MIXED_PART)


def _characters(text: str) -> Places:
    return _spans(_CHARACTER, text)


def _characters_and_blanks(text: str) -> Places:
    return _spans(_CHARACTER_OR_BLANK, text)


GENERAL = "general"  # The rule of a model that names none.
WORDS = "words.json"  # The file in data/encoded that names the rule.
CUT_SHARE = 0.0125  # Share of train's words that a rule may cut without further labels in training.
RULES = {
    GENERAL: WordRule(_general),
    "punctuation": WordRule(_punctuation),
    "fine": WordRule(_fine),
    "mixed": WordRule(_mixed),
    "characters": WordRule(_characters, NO_BLANKS),
    "blanks": WordRule(_characters_and_blanks, NO_BLANKS),
}


def read_word_choice(encoded: Path) -> WordChoice:
    """Read words.json in the folder of encode_labels.

    Raises:
        NerpipeError: If the file cannot be read, or names no rule of RULES.
    """
    words = read_shaped(encoded / WORDS, WordChoice)
    if words["rule"] not in RULES:
        raise NerpipeError(
            f"[{encoded / WORDS} -> rule] {words['rule']!r} is no word rule; there are {', '.join(RULES)}; {REBUILD}"
        )
    return words


def share_cut(words: WordChoice) -> float:
    """Return the share of the words of train inside of which the rule begins a word. `words` is that of words.json."""
    return words["words_cut"] / max(words["words"], 1)


def used_subword_labels(subword_labels: str, words: WordChoice) -> str:
    """Return which sub-words carry a label in training: with `auto`, `all` if the rule cuts many words of train.

    Prediction from plain text then asks the model for tags inside of the words that it was trained with.

    Args:
        subword_labels: As in params.yaml.
        words: The content of words.json.

    >>> used_subword_labels("auto", {"rule": "fine", "words": 80, "words_cut": 1})
    'first'
    >>> used_subword_labels("auto", {"rule": "fine", "words": 80, "words_cut": 2})
    'all'
    >>> used_subword_labels("first", {"rule": "fine", "words": 80, "words_cut": 2})
    'first'
    """
    if subword_labels != "auto":
        return subword_labels
    return "all" if share_cut(words) > CUT_SHARE else "first"


def find_words(text: str, rule: str = GENERAL) -> Places:
    """Find the words of a text.

    Args:
        text: The text.
        rule: A key of RULES.

    Returns:
        Start and end of each word in characters (Unicode code points), in ascending order.

    >>> [text[a:b] for text in ["@nasa's #Mars trip :-) http://t.co/x1."] for a, b in find_words(text)]
    ['@nasa', "'s", '#Mars', 'trip', ':-)', 'http://t.co/x1', '.']
    >>> [text[a:b] for text in ["GDP增长5%"] for a, b in find_words(text, "mixed")]
    ['GDP', '增', '长', '5', '%']
    """
    if _SEPARATOR.search(text):
        text = _SEPARATOR.sub("\n", text)
    return RULES[rule].find(text)
