"""Which submissions a supervisor reviews."""

from app.rules.book import RuleSet
from app.rules.catalogue.submissions import REVIEWED_ITEMS


def is_reviewed(rules: RuleSet, item_code: str) -> bool:
    """Whether submissions of the item wait for a supervisor where `rules` apply; others are approved at once."""
    named = {code.strip() for code in rules[REVIEWED_ITEMS].split(",")}
    return "*" in named or item_code in named
