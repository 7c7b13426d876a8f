"""The passwords that everybody thinks of, as far as they are long enough to be allowed otherwise.

A list of exact passwords misses `P@ssw0rd2026!!` when it holds `Password2025!`. So a password is taken apart:
look-alike characters are read as letters, repetitions and keys that lie side by side are left out, and it is common
when what remains is a word or two of the list among digits and signs. Three words and more make a good password.
"""

import re

_WORDS = """
    abc access account admin administrator adobe alexander always amanda amazing amber america andrea andrew angel
    angels animal anthony apple april arsenal asdf ashley august austin autumn azerty baby babygirl backup bailey
    banana baseball basketball batman beautiful benjamin blessed blink boss boston brandon buster butter butterfly
    cambridge canada carlos champion changeit changeme charlie cheese chelsea chicken chocolate chris christ
    christian christmas classic coffee company computer confidential connect cookie corona correcthorsebatterystaple
    country cowboys crystal dallas daniel dbadmin december default demo diamond digital diglit dolphin donald dragon
    eagle easy eminem england enter everton family fantasy february ferrari florida flower football forever freedom
    friday friend friends garden george ginger girl god google gold golden goodluck guest guitar hallo hannah happy
    harley hello hockey holiday home hottie house hunter iamtheboss iloveyou internet jackson january jasmine
    jennifer jessica jesus johnson jonathan jordan joseph joshua july june justin killer king kitty knight lakers
    laptop letmein liberty lifeislife liverpool login london lovely love loveme lover loveyou lucky machine madison
    maggie manager manchester march marina marlboro martin master mat matrix matthew mercedes merlin michael
    michelle mickey midnight minecraft mobile monday money monkey morning mother mustang myspace naruto natasha new
    newyork nicole nintendo ninja november nothing number october office oliver one orange pa pass passcode
    passphrase passw passwd password passwort patrick peanut pepper phoenix pizza player please pokemon power
    princess private purple qazwsx qwer qwert qwerty qwertyuiop qwertz rabbit rachel raiders rainbow ranger reset
    richard robert rockstar root samantha samsung saturday scooter secret secure security september server service
    shadow silver skywalker slipknot snoopy soccer sophie spiderman spring starwars steelers stella steve summer
    sunday sunflower sunshine super superman superstar support sweet sysadmin system taylor teacher team temp
    temporary test tester testing thankyou the thomas thunder thursday tiger tigger tinkerbell today tomorrow
    trustnoone tuesday two twitter unknown user username valentine victoria victory vincent wednesday welcome
    whatever william windows winner winter work world yankees yellow you your zxc zxcvbn zxcvbnm
    админ администратор алексей анастасия андрей ангел дмитрий екатерина зенит компьютер кристина любимая любовь
    максим марина мария москва наташа ольга пароль привет россия светлана сергей солнышко спартак танюша украина
    футбол ялюблютебя κωδικος ελλαδα
"""
_LITTLE_WORDS = "and are at for go in is it me my no not of on or the this to we you"
_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "azertyuiop",
    "qwertzuiop",
    "abcdefghijklmnopqrstuvwxyz",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "σερτυθιοπ",
    "ασδφγηξκλ",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)

_LOOK_ALIKE = {
    "a": "[a@4]",
    "b": "[b8]",
    "e": "[e3]",
    "i": "[i1!]",
    "l": "[l1|]",
    "o": "[o0]",
    "s": "[s$5]",
    "t": "[t7+]",
}


def _any_of(words: str) -> str:
    spelt = sorted(set(words.casefold().split()), key=len, reverse=True)
    return "|".join("".join(_LOOK_ALIKE.get(letter, letter) for letter in word) for word in spelt)


_NO_LETTER = r"[\W\d_]"
"""A letter is one in any script."""
_BETWEEN = f"(?:{_any_of(_LITTLE_WORDS)}|{_NO_LETTER})*"
_ONE_OR_TWO_WORDS = re.compile(f"{_BETWEEN}(?:(?:{_any_of(_WORDS)}){_BETWEEN}){{0,2}}")
_LONGEST = 64
_REPETITION = re.compile(r"(.{1,6}?)\1+")


def is_common(password: str) -> bool:
    """Whether the password is made of nothing but what is tried first."""
    text = password.casefold()
    once = _REPETITION.sub(r"\1", text)
    shapes = (text, once, _without_runs(text), _without_runs(once))
    return any(len(shape) < 5 or _ONE_OR_TWO_WORDS.fullmatch(shape[:_LONGEST]) for shape in shapes)


def _without_runs(text: str) -> str:
    """The text without pieces of a keyboard row or the alphabet, forwards or backwards, of 4 characters or more."""
    kept, at = [], 0
    while at < len(text):
        length = max((_run_at(text, at, row) for row in _ROWS for row in (row, row[::-1])), default=0)
        if length < 4:
            kept.append(text[at])
        at += length if length >= 4 else 1
    return "".join(kept)


def _run_at(text: str, at: int, row: str) -> int:
    start = row.find(text[at])
    if start < 0:
        return 0
    length = 0
    while at + length < len(text) and start + length < len(row) and text[at + length] == row[start + length]:
        length += 1
    return length
