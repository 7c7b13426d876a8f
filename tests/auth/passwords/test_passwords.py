from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep

import pytest
from argon2 import PasswordHasher

from app.auth.passwords.common import is_common
from app.auth.passwords.hashing import AT_ONCE, CHEAP_HASHER, HASHER, Passwords, check_strength
from app.core.errors import Invalid


@pytest.fixture
def passwords():
    return Passwords(CHEAP_HASHER)


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "P@ssw0rd2026!!", "passwordpassword", "123456789012", "qwertyuiop12", "iloveyou1234",
        "1qaz2wsx3edc", "q1w2e3r4t5y6", "aaaaaaaaaaaa", "abcabcabcabc", "administrator", "Welcome-2026!",
        "letmein12345",
        "correcthorsebatterystaple", "diglit-demo-2026", "111111111111", "abcdefghijklmnop",
        "парольпароль", "пароль123456", "Привет-2026!", "йцукенгшщзхъ", "密码密码密码密码密码密码", "κωδικος12345",
    ],
)  # fmt: skip
def test_what_is_tried_first_is_common(password):
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "quiet-otter-carries-lamps",
        "winter purple guitar monkey",
        "Tr0ub4dor&3xyz",
        "kX9#vLq2!mZp",
        "собака бежит по полю",
        "σκύλος τρέχει γρήγορα",
        "كلب يركض في الحقل",
        "我家的小狗喜欢在田野里奔跑",
        "강아지가 들판을 달린다",
        "कुत्ता मैदान में दौड़ता है",
        "måne Ødegård skrænt",
    ],
)
def test_what_nobody_would_guess_is_not(password):
    assert not is_common(password)


def test_a_hostile_password_is_judged_quickly():
    is_common("i1s5t7" * 170 + "q")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short-words", "password_too_short"),
        ("x y " * 300, "password_too_long"),
        ("password1234", "password_common"),
        ("margaret.h42", "password_is_name"),
        ("mhamilton@diglit.test", "password_is_name"),
    ],
)
def test_weak_passwords_are_refused_at_their_field(password, code):
    with pytest.raises(Invalid) as refusal:
        check_strength(password, username="margaret.h", email="mhamilton@diglit.test")
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/password", code)]


def test_a_sentence_that_mentions_its_owner_is_taken():
    check_strength("margaret.h goes sailing", username="margaret.h", email="mhamilton@diglit.test")


def test_the_right_password_is_right_and_another_is_not(passwords):
    stored = passwords.hash("correct horse battery")
    assert passwords.is_right("correct horse battery", stored)
    assert not passwords.is_right("correct horse batterx", stored)
    assert not passwords.is_right("correct horse battery", None)
    assert not passwords.is_right("correct horse battery", "no hash at all")


def test_spaces_at_the_ends_belong_to_the_password(passwords):
    assert not passwords.is_right("correct horse battery ", passwords.hash("correct horse battery"))


def test_composed_and_decomposed_letters_are_the_same_password(passwords):
    assert passwords.is_right("cafe\u0301 au lait, encore", passwords.hash("caf\u00e9 au lait, encore"))


def test_the_parameters_are_argon2id_with_tens_of_megabytes():
    assert HASHER.type.name == "ID"
    assert HASHER.memory_cost >= 46 * 1024
    assert HASHER.time_cost >= 3


def test_a_hash_of_other_parameters_is_outdated(passwords):
    other = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    assert passwords.is_outdated(other.hash("correct horse battery"))
    assert not passwords.is_outdated(passwords.hash("correct horse battery"))


def test_a_rush_of_sign_ins_is_hashed_a_few_at_a_time():
    at_once, most = 0, 0
    counting = Lock()

    class Slow:
        def hash(self, password):
            nonlocal at_once, most
            with counting:
                at_once += 1
                most = max(most, at_once)
            sleep(0.002)
            with counting:
                at_once -= 1
            return "hash"

    passwords = Passwords(Slow())
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(passwords.hash, ["correct horse battery"] * 32))
    assert most == AT_ONCE
