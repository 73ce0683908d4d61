"""What self-declaration refuses."""

from app.kit.problems import Problem, TooManyRequests


class PointUnknown(Problem):
    code, status = "declaration_point_unknown", 404
    zh = "申报码无效或已更换,请扫描张贴的最新二维码"
    en = "This declaration code is not valid or was replaced; scan the newest QR code"


class DeclarationsClosed(Problem):
    code, status = "declarations_closed", 403
    zh = "本区域目前不开放自主申报,请联系社区(村)"
    en = "Self-declaration is not offered in this area; ask your community"


class ItemNotOffered(Problem):
    code, status = "declaration_item_not_offered", 404
    zh = "此事项目前不能自主申报"
    en = "This cannot be declared by oneself at present"


class DeclarationInvalid(Problem):
    code, status = "declaration_invalid", 422
    zh = "有填写不符合要求的项目,请更正后再提交"
    en = "Some fields are not filled in as required; correct them and send again"


class ConsentMissing(Problem):
    code, status = "declaration_consent_missing", 422
    zh = "须阅读并同意现行告知书(版本 {notice_version})"
    en = "Read and agree to the current notice (version {notice_version})"


class DeclarationDiffers(Problem):
    code, status = "declaration_differs", 409
    zh = "此申报已提交过,内容不同;如需更改请重新打开申报页面"
    en = "This was sent before with other content; open the page again to declare anew"


class DeclarationNotFound(Problem):
    code, status = "declaration_not_found", 404
    zh = "没有查到,请核对查询码"
    en = "Nothing was found; check the query code"


class TooManyDeclarations(TooManyRequests):
    code, status = "too_many_declarations", 429
    zh = "提交过于频繁,请于 {retry_at} 之后再试"
    en = "Too many at once; try again after {retry_at}"


class ForeignOrigin(Problem):
    code, status = "declaration_foreign_origin", 403
    zh = "请从本页面提交申报"
    en = "Send it from this page itself"


class FormUnreadable(Problem):
    code, status = "declaration_form_unreadable", 400
    zh = "浏览器发来的内容无法识别,请返回后重新填写,或换用其他浏览器"
    en = "What the browser sent can't be read; go back and try again, or use another browser"


class ContentDeleted(Problem):
    code, status = "declaration_content_deleted", 410
    zh = "申报内容已按保存期限删除"
    en = "Its content was deleted when its retention ended"


class PointMissing(Problem):
    code, status = "declaration_point_missing", 404
    zh = "本网格尚未生成申报码"
    en = "The grid has no declaration code yet"
