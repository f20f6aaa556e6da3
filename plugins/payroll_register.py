"""A payroll register as most programs print it, one row for each person and period, as `payroll`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from ctrlkit.hooks import Adapter, hookimpl

from ._rows import Cells, each, text

_EMPLOYEE: Final = ("Employee No", "Employee No.", "Employee Number", "Employee ID", "Emp No", "Emp ID", "Emp Code")
_READS: Final = (
    _EMPLOYEE,
    ("Period From", "Period Start", "Pay Period From", "Pay Period Start", "Cut-off From", "Cutoff From"),
    ("Period To", "Period End", "Pay Period To", "Pay Period End", "Cut-off To", "Cutoff To"),
    ("Pay Date", "Payday", "Pay Day", "Payout Date", "Payment Date", "Payroll Date", "Crediting Date"),
    ("Basic Pay", "Basic", "Basic Salary", "Regular Pay"),
    ("Gross Pay", "Gross", "Gross Earnings", "Gross Salary"),
    ("Net Pay", "Net", "Net Salary", "Take Home Pay"),
    ("Hourly Rate", "Rate per Hour", "Rate/Hour", ""),
    ("Regular Hours", "Reg Hours", "Hours Worked", ""),
    ("Overtime Hours", "OT Hours", "OT Hrs", ""),
    ("Overtime Pay", "OT Pay", "OT Amount", "Overtime Amount", ""),
    ("Rest Day Hours", "RD Hours", ""),
    ("Rest Day Pay", "RD Pay", "Rest Day Premium", ""),
    ("Night Differential Hours", "ND Hours", "NSD Hours", "Night Hours", ""),
    ("Night Differential", "Night Differential Pay", "Night Diff", "ND Pay", "NSD Pay", "NSD Amount", "Night Pay", ""),
    ("Total Deductions", "Total Deduction", "Deductions", ""),
    ("Payslip Date", "Payslip Issued", "Payslip Released", ""),
    ("13th Month Pay", "13th Month", "Thirteenth Month", ""),
)
_OURS: Final = (
    *("employee_id", "period_start", "period_end", "payday", "basic", "gross", "net", "basic_hourly", "regular_hours"),
    *("ot_hours", "ot_pay", "rest_day_hours", "rest_day_pay", "night_hours", "night_pay", "deductions", "payslip_on"),
    "thirteenth_month",
)
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sss": ("sss", "sss ee", "sss employee", "sss contribution", "sss premium"),
    "philhealth": ("philhealth", "phic", "philhealth ee", "philhealth contribution", "phic ee"),
    "pagibig": ("pag-ibig", "pagibig", "hdmf", "pag-ibig ee", "pag-ibig contribution", "hdmf ee"),
    "epf": ("epf", "pf", "provident fund", "epf employee"),
    "esi": ("esi", "esic"),
    "tax": ("withholding tax", "w/tax", "wtax", "w/h tax", "income tax", "tds", "tax"),
    "professional_tax": ("professional tax", "ptax"),
    "loan": ("loan", "loans", "salary loan", "sss loan", "pag-ibig loan", "hdmf loan", "company loan"),
    "advance": ("cash advance", "salary advance"),
    "union_dues": ("union dues",),
    "insurance": ("insurance", "hmo"),
    "canteen": ("canteen",),
    "cash_bond": ("cash bond",),
    "training_bond_recovery": ("training bond",),
}


def _amount(written: str) -> Decimal | None:
    try:
        return Decimal(written.replace(",", "") or 0)
    except InvalidOperation:
        return None


def _kinds(cells: Cells) -> str:
    """The kinds of deductions that are not nought; unknown unless those that have a name make the total."""
    total = _amount(text(cells, "Total Deductions")) if text(cells, "Total Deductions") else None
    taken = [(kind, _amount(text(cells, name))) for kind, names in _KINDS.items() for name in names if name in cells]
    amounts = [amount for _, amount in taken if amount is not None]
    if total is None or len(amounts) < len(taken) or sum(amounts) != total:
        return "unknown"
    return ";".join(dict.fromkeys(kind for kind, amount in taken if amount))


def _row(cells: Cells) -> Cells:
    names = [group[0] for group in _READS]
    made = {f"Register {ours}": cells[theirs] for theirs, ours in zip(names, _OURS, strict=True) if theirs in cells}
    return {**made, "Register deduction_kinds": _kinds(cells)}


REGISTER: Final = Adapter(
    name="payroll_register",
    kind="payroll",
    product="Payroll register (CSV or Excel, one row for each person and period)",
    headers=tuple(f"Register {ours}" for ours in _OURS[:7]),
    columns={f"Register {ours}": ours for ours in (*_OURS, "deduction_kinds")},
    values={},
    constants={},
    about="Of no one product: an employee number, the period's first and last day, the pay date, basic, gross and net "
    "pay under their usual names. What was deducted is known where the amounts that have a name (SSS, PhilHealth, "
    "tax …) make the total of deductions to the cent. Names and accounts are not read.",
    unfold=each(_row),
    form="table",
    reads=_READS,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The register."""
    return (REGISTER,)
