"""What can be wrong with a file, and with an import."""

from app.kit.problems import Problem


class ImportFileTooLarge(Problem):
    code, status = "import_file_too_large", 413
    zh, en = "文件超过 {limit_mib} MiB,请拆分后分次导入", "The file exceeds {limit_mib} MiB; split it"


class ImportFileKind(Problem):
    code, status = "import_file_kind", 415
    zh = "无法识别的文件,请使用 .xlsx 或 .csv(旧版 .xls 请另存为 .xlsx)"
    en = "Not a table that can be read; use .xlsx or .csv (save an old .xls as .xlsx)"


class ImportFileDamaged(Problem):
    code, status = "import_file_damaged", 422
    zh, en = "文件已损坏,或含有不应出现的内容", "The file is damaged, or holds what a table does not"


class ImportEncoding(Problem):
    code, status = "import_encoding", 422
    zh = "无法识别文字编码,或混用了多种编码,请另存为 UTF-8 或 GB18030"
    en = "The text encoding is not known, or there are several; save it as UTF-8 or GB18030"


class ImportTooManyColumns(Problem):
    code, status = "import_too_many_columns", 422
    zh, en = "列数超过 {limit},请使用模板", "It has more than {limit} columns; use the template"


class ImportTooManyRows(Problem):
    code, status = "import_too_many_rows", 422
    zh, en = "行数超过 {limit},请拆分后分次导入", "It has more than {limit} rows; split it"


class ImportUnpacksTooLarge(Problem):
    code, status = "import_unpacks_too_large", 422
    zh, en = "文件解压后超过 {limit_mib} MiB", "The file unpacks to more than {limit_mib} MiB"


class ImportHeadings(Problem):
    code, status = "import_headings", 422
    zh = "表头与模板不符:未知列 {unknown};缺少列 {missing};重复列 {repeated}"
    en = "The headings do not fit: unknown {unknown}; missing {missing}; repeated {repeated}"


class ImportTargetUnknown(Problem):
    code, status = "import_target_unknown", 422
    zh, en = "没有这个采集项或代码表:{target}", "There is no such item or code table: {target}"


class ImportNotConfirmable(Problem):
    code, status = "import_not_confirmable", 409
    zh = "当前状态({current_state})不能确认导入"
    en = "It cannot be confirmed in its state ({current_state})"


class ImportClosed(Problem):
    code, status = "import_closed", 409
    zh = "当前状态({current_state})不能取消"
    en = "It cannot be cancelled in its state ({current_state})"


class ImportNotYours(Problem):
    code, status = "import_not_yours", 403
    zh = "区划由系统管理员导入;采集对象与代码表由区县、乡镇或社区管理员导入"
    en = "Divisions are imported by system administrators, the rest by supervisors"
