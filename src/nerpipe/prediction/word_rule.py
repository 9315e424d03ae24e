"""The words of plain text, by one stated rule: the training data's words, as far as a rule can find them.

From left to right, the first of these that fits:

1. a link (`https://...`, `www....`), without punctuation at its end; a mail address;
2. `@name`, `#tag`, `$TAG`; an HTML entity such as `&amp;`;
3. an emoticon, such as `:-)`, `<3`, `xD`, `^_^`, that touches no letter or digit;
4. initials (`U.S.`, `p.m.`), then a run of letters, digits, `_` and what joins them: one `'`, `-`, `.`, `,`, `:`, `/`
   or `&` where people write one within a word (`don't`, `t-shirt`, `bit.ly`, `30,000`, `7:30`, `AT&T`), with the
   currency or per-cent sign that touches a number; but `'s` at its end is a word of its own, as in the WNUT-17 corpus;
5. a run of one repeated punctuation mark, or of `!` and `?`;
6. a character with all that combines with it (Unicode's extended grapheme cluster): an emoji is one word.

White space parts words and belongs to none. Nothing else is left out: the words of a text, put together, are its
characters that are no white space. Text without spaces between words (Chinese, Thai) is one word up to the next mark.
"""

import regex

_LETTER = r"\p{L}"
_PART = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u200c\u200d\u00ad]*+"  # joiners and soft hyphens stand within words
_CLITIC = r"['’]s(?![\p{L}\p{M}\p{N}_])"
_CUT_OFF = r"['’](?i:m|d|ve|ll|re)(?![\p{L}\p{M}\p{N}_])"  # in text whose words were put apart by a tokenizer

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
# Runs are possessive or bounded, so that no text makes this slow.
_WORD = regex.compile(_RULE, regex.VERBOSE)


def find_words(text: str) -> list[tuple[int, int]]:
    """Find the words of a text.

    Returns:
        Start and end of each, in characters (Unicode code points), ascending.

    >>> [text[a:b] for text in ["@nasa's #Mars trip :-) http://t.co/x1."] for a, b in find_words(text)]
    ['@nasa', "'s", '#Mars', 'trip', ':-)', 'http://t.co/x1', '.']
    """
    return [match.span() for match in _WORD.finditer(text)]
