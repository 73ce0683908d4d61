"""Collection: how long old forms are accepted, how often a subject is looked at again, how affairs are admitted."""

from app.rules.parameter import Flag, Whole

FORM_ACCEPTED_DAYS = Whole(
    key="collection.form_accepted_days",
    default=30,
    minimum=0,
    maximum=365,
    unit="d",
    zh="新版表单或代码表发布后,上一版继续受理的天数",
    en="Days for which the version before is accepted after a new form or code table is published",
    source="issue 4, 3: old versions still accepted for a configured time; operational default",
)
CYCLE_DAYS = Whole(
    key="collection.cycle_days",
    default=180,
    minimum=1,
    maximum=3650,
    unit="d",
    zh="采集周期:事项未另行规定时,多少天后须重新采集",
    en="Collection cycle in days for items that name none of their own",
    source="S0-38 (定采集内容与周期); operational default",
)
TEMPORARY_MAX_DAYS = Whole(
    key="affairs.temporary_max_days",
    default=365,
    minimum=1,
    maximum=1100,
    unit="d",
    zh="临时事项最长天数",
    en="Longest time that a temporary affair may last",
    source="Daishan 2018 (S4-47): a temporary item has an end; operational default",
)
SECOND_PERSON = Flag(
    key="affairs.second_person",
    default=True,
    zh="提出事项的人不得自行审核或备案",
    en="Who proposes an affair neither approves nor files it",
    source="S0-31: one office reviews, another approves",
)
