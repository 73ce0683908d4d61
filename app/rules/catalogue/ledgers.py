"""How much may leave and enter at once, and how long files of exports and imports are kept."""

from app.rules.parameter import Text, Whole

EXPORT_ROWS_MAX = Whole(
    key="exports.rows_max",
    default=1_000_000,
    minimum=1,
    maximum=5_000_000,
    unit="rows",
    zh="一次导出的最多行数",
    en="Most rows of one export",
    source="issue 4: an export of 10 million rows is refused before it starts; Excel's sheet holds 1,048,576",
)
EXPORT_KEPT_H = Whole(
    key="exports.kept_h",
    default=72,
    minimum=1,
    maximum=720,
    unit="h",
    zh="导出文件保留时长",
    en="How long the file of an export is kept",
    source="PIPL art. 19: no longer than needed; long enough for a weekend",
)
EXPORT_OPEN_MAX = Whole(
    key="exports.open_max",
    default=5,
    minimum=1,
    maximum=100,
    unit="exports",
    zh="每人同时进行的导出任务数上限",
    en="Most exports of one person that wait or run",
    source="operational default: two jobs run at once",
)
IMPORT_FILE_MAX_MIB = Whole(
    key="imports.file_max_mib",
    default=16,
    minimum=1,
    maximum=32,
    unit="MiB",
    zh="导入文件大小上限",
    en="Largest file of an import",
    source="operational default: 50,000 rows of a form take some 8 MiB",
)
IMPORT_UNPACKED_MAX_MIB = Whole(
    key="imports.unpacked_max_mib",
    default=128,
    minimum=1,
    maximum=512,
    unit="MiB",
    zh="导入文件解压后大小上限",
    en="Largest size of an import's file once it is unpacked",
    source="operational default: the memory of one worker",
)
IMPORT_ROWS_MAX = Whole(
    key="imports.rows_max",
    default=50_000,
    minimum=1,
    maximum=500_000,
    unit="rows",
    zh="一次导入的最多行数",
    en="Most rows of one import",
    source="operational default: a township's residents in one file",
)
IMPORT_COLUMNS_MAX = Whole(
    key="imports.columns_max",
    default=200,
    minimum=10,
    maximum=1000,
    unit="columns",
    zh="导入文件的最多列数",
    en="Most columns of an import's file",
    source="operational default: the longest form has under 60 fields",
)
IMPORT_KEPT_H = Whole(
    key="imports.kept_h",
    default=72,
    minimum=1,
    maximum=720,
    unit="h",
    zh="导入文件等待确认的时长",
    en="How long a checked file waits for its confirmation",
    source="PIPL art. 19: no longer than needed; long enough for a weekend",
)
VULNERABLE_TAGS = Text(
    key="look_ups.vulnerable_tags",
    default="low_income,hardship,disabled,veteran_benefit,elderly_alone,left_behind_child",
    zh="“困难弱势群体一口清”所指标签,逗号分隔",
    en="Service tags of the look-up of vulnerable people, separated by commas",
    source="S2-27, S2-28; neutral tags only (requirements A.7)",
)
BACKBONE_TAGS = Text(
    key="look_ups.backbone_tags",
    default="party_member,volunteer,backbone",
    zh="“骨干与可依靠力量一口清”所指标签,逗号分隔",
    en="Service tags of the look-up of backbone and trusted people, separated by commas",
    source="S2-28",
)
