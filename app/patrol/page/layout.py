"""The page as HTML: self-contained, without scripts, every list bounded so that it stays one sheet. Pure."""

from typing import Any

from app.patrol.integrity.wording import KIND_WORDS, OUTCOME_WORDS
from app.patrol.page import account, tables
from app.patrol.page.answer import answer
from app.patrol.page.content import DayPage, Loan
from app.patrol.page.drawing import draw, legend
from app.patrol.page.markup import Markup, joined, tag
from app.patrol.page.style import STYLE
from app.patrol.page.timeline import timeline
from app.patrol.page.typography import typeset
from app.patrol.page.words import POLICY_WORDS, POST_WORDS, WEEKDAYS, clock, shortened

SIGNALS = 3
LOANS = 2
GRIDS = 3
GRIDS_LENGTH = 44
"""Characters, the half-width digits of codes among them."""
SIGNATURES = "网格员签字:          复核人签字:          日期:      年   月   日"


def render(page: DayPage) -> str:
    """The whole document."""
    title = f"巡查日说明单 {page.explanation['display_name']} {page.day.isoformat()}"
    parts = [
        _head(page),
        _who(page),
        _answer(page),
        tag("section", _picture(page), _right(page), class_="two"),
        tag("section", tag("h2", "当日时间轴"), timeline(page)),
        tag("section", tables.gap_table(page), _remarks(page), class_="two"),
        tag("section", tag("b", "复核意见:"), tag("div", SIGNATURES), class_="opinion"),
        _foot(page),
    ]
    head = joined(
        [
            Markup('<meta charset="utf-8">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            tag("title", title),
            Markup(f"<style>{STYLE}</style>"),
        ]
    )
    body = typeset(tag("body", tag("main", *parts)))
    html = tag("html", tag("head", head), Markup(body), lang="zh-CN")
    return f"<!DOCTYPE html>\n{html}\n"


def _head(page: DayPage) -> Markup:
    return tag("header", tag("h1", "巡查日说明单"), tag("div", shortened(" · ".join(page.places), 60)))


def _who(page: DayPage) -> Markup:
    posts = f"({'、'.join(POST_WORDS.get(p, p) for p in page.posts)})" if page.posts else ""
    weekday = WEEKDAYS[page.day.weekday()]
    return tag(
        "section",
        _named("网格员", shortened(f"{page.explanation['display_name']}{posts}", 24)),
        _named("本人网格", _grids(page)),
        _named("服务日", f"{page.day.isoformat()} 星期{weekday}({page.day_kind})"),
        class_="who",
    )


def _grids(page: DayPage) -> str:
    """As many own grids as two lines hold, each with its whole code: part of a code names nothing."""
    if not page.grids:
        return "当日无任职网格"
    told = [f"{shortened(grid.name, 18)} {grid.code}" for grid in page.grids]
    fitting = next((n for n in range(len(told), 1, -1) if len("、".join(told[:n])) <= GRIDS_LENGTH), 1)
    more = f" 等 {len(told)} 个" if fitting < len(told) else ""
    return "、".join(told[:fitting]) + more


def _named(name: str, value: object) -> Markup:
    return tag("div", tag("b", f"{name} "), value)


def _answer(page: DayPage) -> Markup:
    word, sentences = answer(page)
    return tag("section", tag("strong", word), tag("div", *(tag("p", s) for s in sentences)), class_="answer")


def _picture(page: DayPage) -> Markup:
    drawn = draw(page)
    if drawn is None:
        return tag("div", tag("div", "当日没有轨迹,本人网格也没有边界图", class_="none"), class_="picture")
    return tag("div", drawn.svg, tag("div", legend(drawn)), class_="picture")


def _right(page: DayPage) -> Markup:
    metres, minutes = account.metres_account(page), account.time_account(page)
    return tag(
        "div",
        tables.check_table(page),
        tables.metres_table(metres, page.figures["raw_distance_m"]),
        tables.time_table(minutes, page.figures["duty_s"]),
    )


def _remarks(page: DayPage) -> Markup:
    """Work, borrowed handhelds, signals, an open appeal: what a reader should know beside the figures."""
    signals: list[dict[str, Any]] = page.explanation["signals"]
    told = [tag("li", shortened(said, 60))] if (said := _work(page)) else []
    told += [tag("li", _loans(page))] if page.loans else []
    listed = SIGNALS - len(told)
    told += [tag("li", _signal(s)) for s in signals[:listed]]
    if len(signals) > listed:
        told.append(tag("li", f"另有 {len(signals) - listed} 条,见系统"))
    if page.explanation["standing"]["open_appeal_id"]:
        told.append(tag("li", "本人已对当日判定提出申诉,尚待答复"))
    if page.explanation["fixes_left_out"]:
        told.append(tag("li", f"终端上传过多,{page.explanation['fixes_left_out']} 个定位未参与计算"))
    return tag(
        "div",
        tag("h2", "真实性提示及备注(供人核实,不影响判定)"),
        tag("ul", *told) if told else tag("div", "无"),
    )


def _work(page: DayPage) -> str:
    """The day's sentence about visits and submissions; empty where there were none."""
    return next((s["zh"] for s in page.explanation["sentences"] if s["code"] == "work"), "")


def _loans(page: DayPage) -> str:
    """ "自 11:00 起借用终端 WG-330921-0104(非本人终端)": when, unless it was all the time on duty."""
    more = f"等 {len(page.loans)} 次" if len(page.loans) > LOANS else ""
    return f"{';'.join(_loan(loan, page) for loan in page.loans[:LOANS])}{more}(非本人终端)"


def _loan(loan: Loan, page: DayPage) -> str:
    since = f"自 {clock(loan.since, page.tz)} 起" if loan.since else ""
    until = f"至 {clock(loan.until, page.tz)} 止" if loan.until else ""
    return f"{since}{until}借用终端 {loan.serial_no}"


def _signal(signal: dict[str, Any]) -> str:
    reviewed = f"【复核:{OUTCOME_WORDS[signal['outcome']]}】" if signal["outcome"] else ""
    return f"{KIND_WORDS[signal['kind']][0]}:{shortened(signal['zh'], 84)}{reviewed}"


def _foot(page: DayPage) -> Markup:
    versions = page.figures["versions"]
    basis = (
        f"依据 {page.legal_basis},批准文号 {page.approval_no}"
        if page.legal_basis and page.approval_no
        else "未登记考核依据"
    )
    grids = "、".join(versions["grid_versions"][:GRIDS]) or "无"
    printed = page.printed_at.astimezone(page.tz).strftime("%Y-%m-%d %H:%M")
    return tag(
        "footer",
        tag("p", tag("b", "轨迹用途:"), f"{POLICY_WORDS[page.figures['policy']]}。{basis}。"),
        tag("p", tag("b", "如有异议:"), _objection(page)),
        tag(
            "p",
            tag("b", "数据版本:"),
            f"数据 {versions['input_version']} · 算法 {versions['fold_version']} · "
            f"规则 {versions['rule_version']} · 网格 {grids} · 内容摘要 {page.digest[:16]} · 打印 {printed}",
        ),
        class_="foot",
    )


def _objection(page: DayPage) -> str:
    until = page.explanation["standing"]["contest_until"]
    contact = (
        f"向{page.complaint_contact}反映" if page.complaint_contact else "向所在社区(村)、乡镇(街道)反映"
    )
    if until is None or page.figures["policy"] != "assess":
        return f"可{contact}。"
    day = until.astimezone(page.tz).strftime("%Y-%m-%d %H:%M")
    return f"可在手持终端上申诉(截至 {day}),或{contact}。申诉期间原始数据不变。"
