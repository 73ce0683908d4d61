"""What the printed page of a patrol day tells beside the day itself."""

from app.rules.parameter import Text

COMPLAINT_CONTACT = Text(
    key="page.complaint_contact",
    default="",
    max_length=60,
    zh="巡查日说明单上的异议受理单位与电话",
    en="Where to object, printed on the page of a patrol day",
    source="design section 5: the inspector sees the policy and where to complain",
)
