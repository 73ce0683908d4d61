"""An item and a code table of the demo county's own, so that the examples of the API pages work."""

from typing import Any

DEMO_ITEM_CODE = "x330921_shelter_transfer"
DEMO_TABLE_CODE = "daishan_shelter"
DEMO_TABLE_VERSION = 1001
DEMO_FORM: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "避险转移登记",
    "x-title-en": "Transfer to a shelter",
    "type": "object",
    "required": ["moved_on", "shelter", "person_count"],
    "properties": {
        "moved_on": {"type": "string", "format": "date", "title": "转移日期", "x-title-en": "Moved on"},
        "shelter": {
            "type": "string",
            "title": "安置点",
            "x-title-en": "Shelter",
            "x-code-table": DEMO_TABLE_CODE,
        },
        "person_count": {
            "type": "integer",
            "title": "转移人数",
            "x-title-en": "Persons",
            "minimum": 1,
            "maximum": 9999,
        },
        "contact_phone": {
            "type": "string",
            "title": "联系人电话",
            "x-title-en": "Contact's phone",
            "pattern": "^1[3-9][0-9]{9}$",
            "x-personal": "phone",
        },
    },
    "additionalProperties": False,
}
NEXT_FORM: dict[str, Any] = DEMO_FORM | {
    "properties": DEMO_FORM["properties"]
    | {
        "returned_on": {
            "type": "string",
            "format": "date",
            "title": "返回日期",
            "x-title-en": "Returned on",
        }
    }
}
"""The version that the demo county publishes next: one field more."""
