"""The columns of an HR sheet, and the names that offices give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum

LABEL_CHARS_MAX = 60
"""A longer text is no header."""


class Header(StrEnum):
    """The columns of an HR sheet, in any order."""

    NAME = "姓名"
    NO = "工号"
    ID_NUMBER = "身份证号"
    DEPARTMENT = "部门"
    POST = "职务"
    KIND = "人员类别"
    ARRIVAL = "到岗日期"
    DEPARTURE = "离岗日期"
    PHONE = "手机"
    CARD = "门禁卡号"
    AREA = "办公区"


REQUIRED = frozenset({Header.NAME, Header.NO, Header.DEPARTMENT, Header.KIND, Header.ARRIVAL, Header.AREA})

# A name that may mean two things (单位, 编号, 备注, 岗位等级) stands in none: a mapping file says what it is.
_VARIANTS: Mapping[Header, str] = {
    Header.NAME: "姓名 员工姓名 人员姓名 职工姓名 干部姓名 中文姓名 本人姓名 名字 name full-name employee-name staff-name",
    Header.NO: (
        "工号 员工编号 员工号 员工工号 职工号 职工编号 职工工号 人员编号 人员工号 干部编号 人事编号 工作证号"
        " staff-no staff-number staff-id employee-no employee-number employee-id"
    ),
    Header.ID_NUMBER: (
        "身份证号 身份证号码 身份证 身份证件号 身份证件号码 公民身份号码 公民身份证号 公民身份证号码 居民身份证号"
        " 居民身份证号码 身份号码 证件号 证件号码 id-number id-no id-card id-card-no id-card-number identity-number"
    ),
    Header.DEPARTMENT: (
        "部门 部门名称 所属部门 所在部门 工作部门 任职部门 用人部门 报到部门 入职部门 department department-name dept"
    ),
    Header.POST: "职务 职务名称 现任职务 拟任职务 职位 职位名称 岗位 岗位名称 工作岗位 post position job-title",
    Header.KIND: (
        "人员类别 人员类型 人员性质 人员身份 员工类别 员工类型 用工性质 用工类型 用工形式 身份类别 编制类型 编制性质"
        " kind staff-kind staff-type employee-type employment-type"
    ),
    Header.ARRIVAL: (
        "到岗日期 到岗时间 到岗日 报到日期 报到时间 报到日 入职日期 入职时间 入职日 到职日期 到职时间 上岗日期 上岗时间"
        " 拟到岗日期 拟到岗时间 拟报到日期 拟入职日期 预计到岗日期 预计到岗时间 预计报到日期 预计入职日期 计划到岗日期"
        " 计划报到日期 arrival arrival-date start-date first-day on-board-date onboarding-date"
    ),
    Header.DEPARTURE: (
        "离岗日期 离岗时间 离岗日 离职日期 离职时间 离职日 拟离岗日期 预计离岗日期 预计离职日期 计划离岗日期 到期日期 到期日"
        " 合同到期日 合同到期日期 借调到期日期 挂职到期日期 截止日期 结束日期 departure departure-date end-date last-day"
    ),
    Header.PHONE: (
        "手机 手机号 手机号码 移动电话 电话 电话号码 联系电话 联系手机 联系方式 本人电话"
        " phone phone-number telephone mobile mobile-phone mobile-number"
    ),
    Header.CARD: (
        "门禁卡号 门禁卡号码 门禁卡编号 门禁卡 卡号 一卡通号 一卡通卡号 一卡通 IC卡号 工卡号 工卡卡号"
        " card card-no card-number badge badge-no badge-number"
    ),
    Header.AREA: "办公区 办公区域 所在办公区 所属办公区 办公地点 办公场所 工作地点 工作区域 area office-area",
}

_DROPPED = re.compile(r"""[\s\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff*:"'、,.;?_/\\★☆※#-]+""")
_NOTES = re.compile(r"[(\[【〔{<《][^)\]】〕}>》]*[)\]】〕}>》]")


def folded(label: str) -> str:
    """A header without what only decorates it: width, case, blanks, line ends, colons, stars, hyphens."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", label)).casefold()


class Names:
    """The names under which columns are known: those of most offices, and before them those of one office's own."""

    def __init__(self, own: Mapping[str, Header | None] | None = None) -> None:
        self._own = {folded(name): header for name, header in (own or {}).items()}
        self._seen: dict[str, Header | None] = {}

    def header(self, label: object) -> Header | None:
        """The column that this label names; None where none, or where the office passes it over."""
        if not isinstance(label, str) or not 0 < len(label) <= LABEL_CHARS_MAX:
            return None
        if label not in self._seen:
            self._seen[label] = self._found(label)
        return self._seen[label]

    def passed_over(self, label: str) -> bool:
        """Whether the office said that this column does not count, or it is one that only counts lines."""
        told = folded(label)
        return told in _COUNTING or (told in self._own and self._own[told] is None)

    def _found(self, label: str) -> Header | None:
        for told in (folded(label), folded(_NOTES.sub("", unicodedata.normalize("NFKC", label)))):
            if told in self._own:
                return self._own[told]
            if told in _KNOWN:
                return _KNOWN[told]
        return None


_KNOWN = {folded(name): header for header, names in _VARIANTS.items() for name in names.split()}
_COUNTING = frozenset({"序号", "序", "行号", "顺序号"})
