import pytest

from app.kit.masking import mask_id_number, mask_name, mask_phone


@pytest.mark.parametrize(("name", "shown"), [("张三丰", "张**"), ("张三", "张*"), ("张", "*"), ("", "")])
def test_names_keep_the_family_name(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [("330921198001011234", "330921********1234"), ("1234567890", "**********"), ("", "")],
)
def test_id_numbers_hide_the_birthday(number: str, shown: str) -> None:
    assert mask_id_number(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [("13812345678", "138****5678"), ("12345678", "********"), ("110", "***"), ("", "")]
)
def test_phones_hide_the_middle(number: str, shown: str) -> None:
    assert mask_phone(number) == shown
