"""What can be wrong with an item, a form or a code table."""

from app.kit.problems import Problem


class ItemUnknown(Problem):
    code, status = "item_unknown", 422
    zh, en = "没有此采集事项", "There is no such collection item"


class FormVersionUnknown(Problem):
    code, status = "form_version_unknown", 422
    zh, en = "该事项没有此表单版本", "The item has no such form version"


class FormVersionExpired(Problem):
    code, status = "form_version_expired", 409
    zh = "该表单版本自 {accepted_until} 起不再受理,请更新表单后重填"
    en = "The form version was accepted until {accepted_until}; fill in the newest one"


class ItemNotAdmitted(Problem):
    code, status = "item_not_admitted", 403
    zh = "该事项未经准入,不得在本区域采集"
    en = "The item is not admitted in this area: nothing may be collected for it"


class FormRefused(Problem):
    code, status = "form_refused", 422
    zh, en = "表单不符合要求,见 errors", "The form cannot be published, see errors"


class FormUnchanged(Problem):
    code, status = "form_unchanged", 409
    zh, en = "与现行版本相同,无需发布", "It is the same as the current version"


class CodeTableUnchanged(Problem):
    code, status = "code_table_unchanged", 409
    zh, en = "与现行版本相同,无需发布", "It is the same as the current version"


class CodesRefused(Problem):
    code, status = "codes_refused", 422
    zh, en = (
        "代码重复,或上级代码不存在,见 errors",
        "A code stands twice or below one that is not there, see errors",
    )


class ItemCodeTaken(Problem):
    code, status = "item_code_taken", 409
    zh, en = "本县已有此代码的采集事项", "The county has an item of this code already"
    constraints = ("uq_collection_item_code",)


class VersionTaken(Problem):
    code, status = "version_taken", 409
    zh, en = "另有人刚刚发布了新版本,请重新读取", "Somebody has just published a version; read again"
    constraints = ("uq_form_version_item_id_county_code_version", "uq_code_table_code_county_code_version")
