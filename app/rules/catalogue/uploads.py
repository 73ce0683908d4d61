"""What may be uploaded, and how long what is unfinished or belongs to nothing is kept."""

from app.rules.parameter import Number, Whole

PHOTO_MAX_MB = Number(
    key="uploads.photo_max_mb",
    default=30,
    minimum=0,
    maximum=200,
    unit="MB",
    zh="单张照片大小上限;0 表示不收",
    en="Largest photo (JPEG, PNG, WebP, HEIC); 0: none is taken",
    source="operational default: a 50-megapixel JPEG of a cheap handheld takes 20 MB; issue 4: 200 MB is refused",
)
DOCUMENT_MAX_MB = Number(
    key="uploads.document_max_mb",
    default=30,
    minimum=0,
    maximum=500,
    unit="MB",
    zh="单个 PDF 文件大小上限;0 表示不收",
    en="Largest PDF; 0: none is taken",
    source="operational default: fifty scanned pages",
)
RECORDING_MAX_MB = Number(
    key="uploads.recording_max_mb",
    default=60,
    minimum=0,
    maximum=2000,
    unit="MB",
    zh="单个音视频大小上限;0 表示不收",
    en="Largest video or sound recording; 0: none is taken",
    source="operational default: one minute of 1080p video",
)
PHOTO_MAX_MEGAPIXELS = Whole(
    key="uploads.photo_max_megapixels",
    default=64,
    minimum=1,
    maximum=170,  # where Pillow itself refuses
    unit="MP",
    zh="照片像素上限(防解压炸弹)",
    en="Most pixels of a photo: decoding more takes all memory",
    source="operational default: 64 MP decode into 192 MB; handhelds take 12 to 50 MP",
)
THUMBNAIL_PX = Whole(
    key="uploads.thumbnail_px",
    default=480,
    minimum=64,
    maximum=2048,
    unit="px",
    zh="缩略图长边像素",
    en="Longer side of a thumbnail",
    source="operational default: the width of a handheld's screen",
)
EXIF_DISTANCE_M = Whole(
    key="uploads.exif_distance_m",
    default=200,
    minimum=10,
    maximum=100_000,
    unit="m",
    zh="照片内位置与上报位置相差超过此值时标注",
    en="A photo whose own position is farther than this from the claimed one is flagged",
    source="operational default: a receiver's first fix indoors errs by up to 200 m",
)
EXIF_DIFFERENCE_S = Whole(
    key="uploads.exif_difference_s",
    default=900,
    minimum=10,
    maximum=86_400,
    unit="s",
    zh="照片内时间与上报时间相差超过此值时标注",
    en="A photo whose own time is farther than this from the claimed one is flagged",
    source="operational default: cheap handhelds' clocks are off by minutes",
)
UNFINISHED_DAYS = Whole(
    key="uploads.unfinished_days",
    default=30,
    minimum=7,
    maximum=365,
    unit="d",
    zh="未传完的文件自最后一次续传起保留天数",
    en="An unfinished upload is kept this long after its last piece",
    source="design section 9: a login lives 30 days or more and its end never deletes what waits; tus: expiration",
)
REFUSED_DAYS = Whole(
    key="uploads.refused_days",
    default=30,
    minimum=1,
    maximum=365,
    unit="d",
    zh="被拒收文件的隔离保留天数",
    en="A refused file is kept aside this long",
    source="design section 3.4: what cannot be taken is kept for a person to look at; operational default",
)
ORPHAN_DAYS = Whole(
    key="uploads.orphan_days",
    default=60,
    minimum=46,  # longer than a submission may arrive late: `ingest.too_old_days`
    maximum=3660,
    unit="d",
    zh="已传完但从未被任何记录引用的文件保留天数",
    en="A complete file that nothing ever named is kept this long",
    source="design section 2: longer than the oldest item that is still accepted (45 days); PIPL art. 19",
)
UNFINISHED_MOST = Whole(
    key="uploads.unfinished_most",
    default=500,
    minimum=10,
    maximum=10_000,
    zh="一台终端(或账号)同时未传完的文件数上限",
    en="Most unfinished uploads of one handheld (or account without one)",
    source="operational default: more photos than a day offline brings",
)
