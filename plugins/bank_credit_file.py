"""What a bank says it credited, for each person or for each batch, as `bank_credits`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ctrlkit.hooks import Adapter, hookimpl

from ._rows import Cells, each, given, text

_DATE: Final = ("Value Date", "Credit Date", "Date Credited", "Posting Date")
_STATUS: Final = ("Status", "Transaction Status", "Credit Status", "Processing Status")
_PURPOSE: Final = ("Purpose", "Payment Purpose", "Payroll Type", "")
_DONE: Final = frozenset({"credited", "success", "successful", "posted", "completed", "complete", "processed", "paid"})
_NONE: Final = frozenset({"rejected", "returned", "failed", "cancelled", "canceled", "unsuccessful", "reversed"})
_SALARY: Final[dict[str, str | None]] = {
    **dict.fromkeys(("payroll", "salary", "regular payroll", "wages"), "salary"),
    **dict.fromkeys(("13th month", "13th month pay", "thirteenth month"), "thirteenth_month"),
    **dict.fromkeys(("final pay", "back pay", "last pay"), "final_pay"),
    **dict.fromkeys(("bonus", "incentive", "incentives"), "bonus"),
    **dict.fromkeys(("allowance", "allowances"), "allowance"),
    **dict.fromkeys(("reimbursement", "reimbursements"), "reimbursement"),
    **dict.fromkeys(("cash advance", "salary advance"), "advance"),
}


def _credit(cells: Cells) -> Cells | None:
    """A credit; nothing for one that came back, an unknown amount for one that is not said to have been made."""
    status = text(cells, "Status").lower()
    if status in _NONE:
        return None
    told = {
        "Employee No": "employee",
        "Batch No": "batch",
        "Value Date": "date",
        "Amount": "amount",
        "Total Credited": "total",
        "Purpose": "purpose",
    }
    made = given(cells, {theirs: f"Bank {ours}" for theirs, ours in told.items()})
    known = status in _DONE
    return made if known else made | {name: "unknown" for name in ("Bank amount", "Bank total") if name in made}


PERSONS: Final = Adapter(
    name="bank_credits_by_person",
    kind="bank_credits",
    product="Bank's result of a payroll, one row for each credit",
    headers=("Bank employee", "Bank date", "Bank amount"),
    columns={
        "Bank employee": "employee_id",
        "Bank date": "value_date",
        "Bank amount": "amount",
        "Bank batch": "batch",
        "Bank purpose": "purpose",
    },
    values={"purpose": _SALARY},
    constants={},
    about="Of no one bank: employee number, account, value date, amount, status under their usual names. A credit "
    "that was rejected or returned is none; the amount of one that is not said to be done is unknown.",
    unfold=each(_credit),
    form="table",
    reads=(
        ("Employee No", "Employee No.", "Employee Number", "Employee ID", "Emp No", "Emp ID", "Payee Reference"),
        ("Account Number", "Account No", "Account No.", "Credit Account", "Beneficiary Account"),
        _DATE,
        ("Amount", "Credit Amount", "Amount Credited", "Net Amount"),
        _STATUS,
        ("Batch No", "Batch No.", "Batch Number", "Batch ID", "Batch Reference", "File Reference", ""),
        _PURPOSE,
    ),
)
BATCHES: Final = replace(
    PERSONS,
    name="bank_credits_by_batch",
    product="Bank's result of payrolls, one row for each batch",
    headers=("Bank batch", "Bank date", "Bank total"),
    columns={"Bank batch": "batch", "Bank date": "value_date", "Bank total": "amount", "Bank purpose": "purpose"},
    about="Of no one bank: batch number, value date, the sum credited, how many credits, and status, under their usual "
    "names. Says what a batch came to, not whom it reached.",
    reads=(
        ("Batch No", "Batch No.", "Batch Number", "Batch ID", "Batch Reference", "File Reference"),
        _DATE,
        ("Total Credited", "Total Amount Credited", "Successful Amount", "Total Amount", "Batch Amount"),
        ("No. of Credits", "Number of Credits", "No. of Transactions", "Number of Transactions", "Item Count", "Count"),
        _STATUS,
        _PURPOSE,
    ),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Both results."""
    return (PERSONS, BATCHES)
