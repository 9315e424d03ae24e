"""Finds the words of plain text by one rule, which follows the words of the training data as far as a rule can.

The rule reads the text from left to right. At each position, the first of these patterns that fits gives a word:

1. A link (`https://...`, `www....`) without the punctuation at its end, or a mail address.
2. `@name`, `#tag`, `$TAG`, or an HTML entity such as `&amp;`.
3. An emoticon that touches no letter or digit, such as `:-)`, `<3`, `xD`, `^_^`.
4. Initials (`U.S.`, `p.m.`). If there are none, a run of letters, digits, `_` and single joining characters. A joining
   character is `'`, `-`, `.`, `,`, `:`, `/` or `&` where people write it within a word (`don't`, `t-shirt`, `bit.ly`,
   `30,000`, `7:30`, `AT&T`). The run includes the currency sign or per-cent sign that touches a number. `'s` at the
   end of a run is a separate word, as in the WNUT-17 corpus.
5. A run of one repeated punctuation mark, or a run of `!` and `?`.
6. A character with all characters that combine with it (Unicode's extended grapheme cluster). An emoji is one word.

White space separates words and belongs to no word. Nothing else is left out: the words of a text, joined, are all its
characters except white space. Text without spaces between words (Chinese, Thai) is one word up to the next
punctuation mark.
"""

import regex

_LETTER = r"\p{L}"
_PART = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u200c\u200d\u00ad]*+"  # Joiners and soft hyphens may stand within words.
_CLITIC = r"['’]s(?![\p{L}\p{M}\p{N}_])"
_CUT_OFF = r"['’](?i:m|d|ve|ll|re)(?![\p{L}\p{M}\p{N}_])"  # Contractions that a tokenizer has split off.

_RULE = rf"""
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
| (?! \s ) \X
"""
# Every run is possessive or bounded, so that no text makes the search slow.
_WORD = regex.compile(_RULE, regex.VERBOSE)


def find_words(text: str) -> list[tuple[int, int]]:
    """Find the words of a text.

    Returns:
        Start and end of each word in characters (Unicode code points), in ascending order.

    >>> [text[a:b] for text in ["@nasa's #Mars trip :-) http://t.co/x1."] for a, b in find_words(text)]
    ['@nasa', "'s", '#Mars', 'trip', ':-)', 'http://t.co/x1', '.']
    """
    return [match.span() for match in _WORD.finditer(text)]
