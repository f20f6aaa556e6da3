"""Working conditions: pay arrives in full and on time, hours and rest keep the law, and staff are heard."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    Terms,
    Window,
    advisory,
    any_of,
    assert_every,
    beside,
    beside_those,
    col,
    control,
    count,
    days,
    distinct,
    earliest,
    folded,
    free_times,
    greater,
    group,
    hours,
    house,
    in_hours,
    latest,
    law,
    lesser,
    maybe,
    minutes,
    month_of,
    not_due,
    note_every,
    reads,
    seconds,
    times,
    total,
    week_of,
    when,
)

COUNTRIES = {"countries": ["PH", "IN"]}
COMPRESSED_WEEK = "compressed_week"
GROUNDS = ["war_or_emergency", "life_or_property", "urgent_machine_work", "perishables", "finish_started_work"]
NORMAL_DAY = timedelta(hours=8)
NOTHING = timedelta(0)
MANY = 10
"""People who agreed at the same instant: not likely each by a choice of their own."""
INDIAN = ["epf", "esi"]
FEWEST = 5
"""People of whom figures may be told; smaller groups are not broken out."""
INDIA = col("person_country_code") == "IN"
PHILIPPINES = col("person_country_code") == "PH"
CAME = col("clock_in").is_not_null() & col("clock_out").is_not_null()
IN_PERIOD = (col("sheet_work_date") >= col("period_start")) & (col("sheet_work_date") <= col("period_end"))


def with_person(rows: Table, roster: Table) -> Table:
    """The same rows matched with their `person` on the roster."""
    return rows.match(roster, "employee_id", "person")


def assert_law_is_known(rows: Table) -> None:
    """Of whose country nobody knows, nobody knows whose law it is."""
    assert_every(rows, PHILIPPINES | ~PHILIPPINES, because="whose law it is")


def always(name: str) -> Expr:
    """True for every row; `name` is any column that is there."""
    return col(name).is_told() | ~col(name).is_told()


def beside_all(rows: Table, of: Table, name: str, **figures: Any) -> Table:
    """The same rows matched, as `name`, with the figures of all rows of another table together."""
    whole = group(of.with_columns(whole=always(of.root.kind.key[0])), "whole", **figures)
    return rows.with_columns(whole=always(rows.root.kind.key[0])).match(whole, "whole", name)


def covered_periods(payroll: Table, timesheets: Table) -> Table:
    """The pay periods that the time sheets cover wholly; where they cover none, all of them, with `covered` false.

    `clocked`: whether the person stands in the time sheets at all; without it no hours are not zero hours.
    """
    payroll = payroll.exists(timesheets, "employee_id", "clocked")
    told = beside_all(payroll, timesheets, "sheets", first=earliest(col("work_date")), last=latest(col("work_date")))
    whole = (col("period_start") >= col("sheets_first")) & (col("period_end") <= col("sheets_last"))
    told = told.with_columns(covered=whole)
    told = beside_all(told, told, "any", covered=any_of(col("covered")))
    note_every(told.where(~col("covered")), "a pay period that the time sheets do not cover wholly")
    return told.where(col("covered") | ~col("any_covered"))


def if_covered(rule: Expr) -> Expr:
    """The rule for a pay period that the time sheets cover; unknown for another, and where the person has no sheet."""
    return (rule | ~col("covered")) & ~maybe(~col("covered") | ~col("clocked"))


def with_holidays(rows: Table, calendar: Table | None, on: str = "work_date") -> Table:
    """The same rows with `holiday` and `special`: whether the calendar says so of that day and their person's place."""
    if calendar is None:
        return rows.with_columns(holiday=~always(on), special=~always(on))
    here = same_place(rows, "state") & same_place(rows, "site")
    return beside_those(
        rows, calendar, {on: "date", "person_country_code": "country_code"}, "day", here,
        holiday=any_of(col("day_kind") == "regular_holiday"), special=any_of(col("day_kind") == "special_day"),
    )  # fmt: skip


def same_place(rows: Table, what: str) -> Expr:
    """Whether a calendar's day is one of everywhere or of the person's own state or site; unknown where that is."""
    everywhere = col(f"day_{what}").is_null()
    if not rows.has(f"person_{what}"):
        return everywhere | maybe(~everywhere)
    return everywhere | (col(f"day_{what}") == folded(col(f"person_{what}")))


def say_without_calendar(rows: Table, calendar: Table | None) -> None:
    """Note that holidays were not known."""
    if calendar is None:
        whole = group(rows.with_columns(whole=always("employee_id")), "whole", rows=count())
        note_every(whole, "no calendar was handed in: holidays are asked for like any other day")


@control(
    "WRK-01",
    "Wages arrive on time",
    severity="critical",
    params={
        "PH_max_gap": law(16, "days", range=(1, 16), source="Labor Code Art. 103: every two weeks or twice a month"),
        "IN_monthly_due": law(
            7, "day of next month", range=(1, 7), source="Code on Wages s.17(1)(iv): before the seventh day ends"
        ),
        "IN_fortnight_due": law(2, "days after period", range=(0, 2), source="Code on Wages s.17(1)(iii)"),
        "grace": law(0, "days", range=(0, 0), source="Labor Code Art. 103; Code on Wages s.17(1)"),
        "short_tolerance": house(1, "currency", range=(0, 100), source="rounding"),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 103", "LC Art. 116"],
        "IN": ["CoW s.17(1)", "CoW s.16"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
        "COPC": ["people management"],
    },
    remedy=(
        "Pay what is missing today, with a line to each person why it was late. Fund the payroll account before the "
        "payday whether or not the client has paid, and enter new hires in the next run, not the one after."
    ),
    decisions=[
        (
            "Population: payroll rows with net above 0 whose payday + grace lies before the as-of date; the finding "
            "is the payroll row and names the bank_credits row."
        ),
        "The bank's value_date counts, never a booking, order or HR date.",
        "Credits of purpose final_pay count for the person's last pay row; other purposes do not.",
        "A null net is undecided; net 0 or below is outside and counted.",
        "Short by exactly short_tolerance passes; the whole row is late if it is short.",
        "Leavers count; a person without any bank_credits row is a finding on each pay row.",
        "The gap and due-day tests are findings on the later payroll row.",
        (
            "Credits are held against pay as running sums: all that reached the person by payday + grace against all "
            "that was due by then. What stays short makes the later paydays late too, until it is made up."
        ),
        (
            "Where no row of bank_credits names a person, the bank told batch totals only: undecided, never a finding; "
            "without the column employee_id the smaller claim is decided."
        ),
        "A pay period of 28 days or more is a monthly one.",
        "The credit named is the first after the payday, else the last before it.",
    ],
    typical_exception=(
        "Paid two to five days late at month end when the client's own payment is late; new hires' first pay skipped "
        "a cycle."
    ),
)
@reads(
    payroll="employee_id period_start period_end payday net",
    bank_credits="employee_id value_date amount purpose",
    roster="employee_id country country_code",
)
@reads.optional(bank_credits="batch", calendar="date country country_code state kind")
def test_wages_arrive_on_time(
    payroll: Table, bank_credits: Table, roster: Table, calendar: Table | None, params: Any, as_of: AsOf
) -> None:
    """For every payroll row with net above 0 and payday + grace before the as-of date, the person's bank_credits with
    purpose salary and value_date on or before payday + grace reach net less short_tolerance; credits are used up in
    order of value_date by pay rows in order of payday, each once, and credits before the first period_start are
    ignored. A missing or short credit is late from the payday. PH: successive paydays of a person are at most
    PH_max_gap days apart. IN: payday is on or before day IN_monthly_due of the next month for monthly periods, at most
    IN_fortnight_due days after period_end for shorter ones. Rows of bank_credits without employee_id are batch totals
    and decide only the smaller claim.
    """
    wages = with_person(payroll, roster).with_columns(deadline=col("payday") + days(params.grace))
    wages = beside(wages, "employee_id", first=earliest(col("period_start")), last=latest(col("payday")))
    due = with_credits(with_dues(wages.where(col("net") > 0)), bank_credits).where(col("deadline") < as_of.date)
    assert_law_is_known(due)
    paid = col("received") + params.short_tolerance >= col("owed")
    assert_every(due, paid | maybe(~col("bank_named")), because="not in the bank in full by the payday")
    early = due.where(PHILIPPINES & col("before").is_not_null())
    near = col("payday") <= col("before") + days(params.PH_max_gap)
    assert_every(early, near, because=f"more than {params.PH_max_gap} days after the payday before")
    assert_every(due.where(INDIA), payday_is_lawful(params), because="payday later than the law allows")
    if calendar is not None:
        moved = due.exists(calendar, {"payday": "date", "person_country_code": "country_code"}, "closed")
        note_every(moved.where(col("closed")), "the payday is a holiday: the bank's date may lie beside it")


def with_dues(wages: Table) -> Table:
    """The same pay rows with what was `owed` by then in all, and the payday `before`."""
    told = beside_those(
        wages, wages, "employee_id", "also", col("also_payday") <= col("payday"), owed=total(col("also_net"))
    )
    earlier = col("earlier_payday") < col("payday")
    return beside_those(told, wages, "employee_id", "earlier", earlier, before=latest(col("earlier_payday")))


def with_credits(dues: Table, bank_credits: Table) -> Table:
    """The same pay rows with what the bank says was `received` in time, matched with the credit nearest to each."""
    counted = bank_credits.where(col("purpose").is_in(["salary", "final_pay"]))
    meant = (col("credit_purpose") == "salary") | (col("payday") == col("last"))
    meant = meant & (col("credit_value_date") >= col("first"))
    in_time = col("credit_value_date") <= col("deadline")
    told = beside_those(
        dues, counted, "employee_id", "credit", meant & in_time,
        received=total(col("credit_amount")), in_time=latest(col("credit_value_date")),
    )  # fmt: skip
    told = beside_those(
        told, counted, "employee_id", "credit", meant & ~in_time, late=earliest(col("credit_value_date"))
    )
    told = beside_all(told, bank_credits, "bank", named=any_of(col("employee_id").is_not_null()))
    told = told.with_columns(nearest=col("late").or_else(col("in_time")))
    credited = group(counted, "employee_id", "value_date", credits=count())
    return told.match(credited, {"employee_id": "employee_id", "nearest": "value_date"}, "credited")


def payday_is_lawful(params: Any) -> Expr:
    """India: by the seventh after a month, by the second day after a shorter period."""
    monthly = col("period_end") >= col("period_start") + days(27)
    by_month = month_of(col("period_end"), later=1) + days(params.IN_monthly_due - 1)
    by_period = col("period_end") + days(params.IN_fortnight_due)
    return (monthly & (col("payday") <= by_month)) | (~monthly & (col("payday") <= by_period))


@control.claims(
    "WRK-01",
    "On or before each payday the bank moved at least the sum of net pay, in batches; that each person got the right "
    "share is not shown.",
)
@reads(payroll="employee_id period_start period_end payday net", bank_credits="value_date amount batch purpose")
def test_the_bank_moved_the_sum_of_net_pay_by_each_payday(
    payroll: Table, bank_credits: Table, params: Any, as_of: AsOf
) -> None:
    """By each payday + grace before the as-of date, the salary credits since the first period reach all net pay."""
    wages = payroll.where(col("net") > 0).with_columns(whole=always("payday"))
    paydays = group(wages, "whole", "payday", net=total(col("net")), begins=earliest(col("period_start")))
    paydays = beside(paydays, "whole", first=earliest(col("begins")))
    sums = beside_those(
        paydays, paydays, "whole", "also", col("also_payday") <= col("payday"), owed=total(col("also_net"))
    )
    salaries = bank_credits.where(col("purpose") == "salary").with_columns(whole=always("value_date"))
    in_time = col("credit_value_date") <= col("payday") + days(params.grace)
    meant = in_time & (col("credit_value_date") >= col("first"))
    sums = beside_those(sums, salaries, "whole", "credit", meant, received=total(col("credit_amount")))
    due = sums.where(col("payday") + days(params.grace) < as_of.date)
    enough = col("received") + params.short_tolerance >= col("owed")
    assert_every(due, enough, because="the bank had not moved all net pay by this payday")


@control(
    "WRK-02",
    "Overtime paid at the right rate",
    severity="critical",
    params={
        "PH_ordinary": law(1.25, "x", range=(1.25, 5), source="LC Art. 87"),
        "PH_rest_or_special_day": law(1.3, "x", range=(1.3, 5), source="LC Art. 93 for the first eight hours"),
        "PH_ot_on_rest_or_holiday": law(1.3, "x of that day's rate", range=(1.3, 5), source="LC Art. 87"),
        "PH_regular_holiday": law(2.0, "x", range=(2, 5), source="LC Art. 94"),
        "IN_rate": law(2.0, "x", range=(2, 5), source="CoW s.14; OSH Code s.27"),
        "PH_cww_daily": law(12, "h", range=(8, 12), source="DOLE DA 02-04, only with majority agreement and notice"),
        "tolerance": house(1, "%", range=(0, 5)),
        "min_block": house(15, "min", range=(0, 60), source="clocks are not payroll"),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 83", "LC Art. 87", "LC Art. 88", "LC Art. 93", "DO 237-22 s.4"],
        "IN": ["CoW s.14", "OSHWC s.27"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Recompute each listed period from the clock and pay the difference with the next payday. Record every minute "
        "beyond eight hours as overtime; leave in lieu or an allowance does not replace the premium."
    ),
    decisions=[
        "Population: timesheets rows (recorded) and payroll rows (paid) of the period; the findings are those rows.",
        "paid_hours is not read here; ot_hours is hours beyond eight, whatever they are paid as.",
        ("meal_minutes null is undecided; a missed punch makes the day, and the pay row's recorded part, undecided."),
        (
            "tolerance is a share of the amount due, per person and period, limit included; more paid is never a "
            "finding."
        ),
        "Roles manager and people on a dated exemption list are outside; every other role counts.",
        (
            "A pay period that the time sheets do not cover wholly is outside and counted; if none is covered, all are "
            "undecided."
        ),
        "A paid person without any time sheet is undecided: no hours on record are not none.",
        "No kind of evidence holds a dated exemption list: only the role takes a person out; except others by waiver.",
        "A compressed week is declared as feature compressed_week of the engagement, in the Philippines only.",
        "On a regular holiday that is a rest day too, the rate of the holiday is asked.",
        "Without the column sched_start no rest day is known, and the ordinary rate is asked.",
        "Products are cut off at a millionth of the currency.",
    ],
    typical_exception=(
        'Overtime renamed "allowance" or "offset leave"; compressed week claimed without the notice to DOLE.'
    ),
)
@reads(
    timesheets="employee_id work_date clock_in clock_out meal_minutes ot_hours",
    payroll=("employee_id period_start period_end basic_hourly ot_hours ot_pay rest_day_hours rest_day_pay"),
    roster="employee_id country country_code role",
)
@reads.optional(calendar="date country country_code state site kind", timesheets="sched_start", roster="state site")
def test_overtime_is_paid_at_the_right_rate(
    timesheets: Table,
    payroll: Table,
    roster: Table,
    calendar: Table | None,
    params: Any,
    period: Window,
    engagement: Terms,
) -> None:
    """Recorded: on every work_date clocked time less meal_minutes exceeds 8 h by no more than ot_hours + min_block.
    Paid: per person and pay period (work_date in [period_start, period_end]) ot_pay is at least the sum of ot_hours x
    basic_hourly x PH_ordinary (IN: IN_rate), less tolerance; rest_day_pay at least rest_day_hours x basic_hourly x
    PH_rest_or_special_day. Overtime on a rest day (sched_start null), special day or regular holiday takes that day's
    rate times PH_ot_on_rest_or_holiday; which days are holidays comes from calendar, without which the ordinary rate is
    asked and the result says so. A compressed week needs a declared agreement, then PH_cww_daily replaces 8 h.
    """
    staff = roster.where(col("role") != "manager")
    sheets = with_person(timesheets, staff).where(col("person"))
    assert_overtime_is_recorded(period.of(sheets), params, engagement)
    pay = with_person(period.of(payroll), staff).where(col("person"))
    weighed = with_weight(with_holidays(sheets, calendar), params)
    judged = beside_those(
        covered_periods(pay, timesheets), weighed, "employee_id", "sheet", IN_PERIOD,
        weight=total(col("sheet_weight")), missed=any_of(col("sheet_missed")),
    )  # fmt: skip
    judged = judged.with_columns(due=times(col("weight"), col("basic_hourly")))
    right = paid_within(col("ot_pay"), col("due"), params)
    assert_every(judged, if_covered(right & ~maybe(col("missed"))), because="overtime paid below its rate")
    rest_due = times(times(col("rest_day_hours"), col("basic_hourly")), params.PH_rest_or_special_day)
    rest = judged.where(PHILIPPINES).with_columns(rest_due=rest_due)
    fair = paid_within(col("rest_day_pay"), col("rest_due"), params)
    assert_every(rest, if_covered(fair), because="rest days paid below their rate")
    say_without_calendar(judged, calendar)


def paid_within(paid: Expr, due: Expr, params: Any) -> Expr:
    """Whether at most `tolerance` per cent of what is due are missing."""
    return times(paid, 100) >= times(due, 100 - params.tolerance)


def assert_overtime_is_recorded(sheets: Table, params: Any, engagement: Terms) -> None:
    """What a day was clocked beyond eight hours stands in ot_hours, but for min_block."""
    came = sheets.where(CAME)
    worked = col("clock_out") - col("clock_in") - minutes(col("meal_minutes"))
    told = beside(came, "employee_id", "work_date", worked=total(worked), told=total(hours(col("ot_hours"))))
    longest = hours(params.PH_cww_daily if COMPRESSED_WEEK in engagement.features else 8)
    normal = when(PHILIPPINES, longest, NORMAL_DAY)
    recorded = col("worked") <= normal + col("told") + minutes(params.min_block)
    assert_every(told, recorded, because="worked longer than the overtime recorded")


def with_weight(sheets: Table, params: Any) -> Table:
    """The same sheets with the `weight` of their overtime, hours times that day's rate; `missed`: no punch."""
    beyond = params.PH_ot_on_rest_or_holiday
    resting = col("sched_start").is_null() if sheets.has("sched_start") else ~always("work_date")
    resting_rate, holiday_rate = params.PH_rest_or_special_day * beyond, params.PH_regular_holiday * beyond
    local = when(resting | col("special"), resting_rate, params.PH_ordinary)
    rate = when(INDIA, params.IN_rate, when(col("holiday"), holiday_rate, local))
    return sheets.with_columns(
        weight=times(col("ot_hours"), rate), missed=~(col("clock_out") - col("clock_in")).is_told()
    )


@control.claims(
    "WRK-02",
    "Overtime that payroll itself recorded was paid at the legal rate; overtime nobody recorded is not shown.",
)
@reads(
    payroll="employee_id period_start period_end basic_hourly ot_hours ot_pay",
    roster="employee_id country country_code",
)
def test_overtime_that_payroll_recorded_is_paid_at_its_rate(
    payroll: Table, roster: Table, params: Any, period: Window
) -> None:
    """Every payroll row of the period pays its own ot_hours at the ordinary rate or more, less tolerance."""
    pay = with_person(period.of(payroll), roster)
    rate = when(INDIA, params.IN_rate, params.PH_ordinary)
    pay = pay.with_columns(due=times(times(col("ot_hours"), col("basic_hourly")), rate))
    assert_every(pay, paid_within(col("ot_pay"), col("due"), params), because="overtime paid below its rate")


@control(
    "WRK-03",
    "Overtime is a choice",
    severity="critical",
    params={
        "consent_before": house(0, "min before start", range=(0, 10_080)),
        "PH_grounds": law(GROUNDS, "list", allowed=GROUNDS, source="LC Art. 89(a)-(e)"),
        "IN_consent": law(True, "bool", allowed=[True], source="OSH Code s.27 proviso"),
        "same_week_repeat": house(3, "blocks", range=(0, 7)),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 89"],
        "IN": ["OSHWC s.27"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03", "GV.RR-04"],
    },
    remedy=(
        "Stop ordering overtime. Ask before each block and keep the answer with its time; take every warning for a "
        "refusal out of the file, and staff the peak instead."
    ),
    decisions=[
        "Population: timesheets rows with ot_hours above 0; the finding is the timesheets row.",
        "Consent is judged against the start of the overtime, not of the shift; the same minute is in time.",
        ("ot_hours null is undecided where clocked time exceeds the schedule by 15 minutes or more, else no overtime."),
        (
            "Repeats: in a week with more than same_week_repeat emergency rows each row beyond it is a finding, even "
            "with a good ground."
        ),
        "IN: emergency needs consent like voluntary while IN_consent is true.",
        "Consent with the same instant for ten people or more is a note.",
        "Where no schedule stands on a day, all clocked time exceeds it.",
    ],
    typical_exception='"MOT" on the roster every weekend of the peak; refusal recorded as insubordination.',
)
@reads(
    timesheets=(
        "employee_id work_date clock_in clock_out ot_hours ot_kind ot_consent_on ot_reason sched_start sched_end"
    ),
    roster="employee_id country country_code",
)
@reads.optional(timesheets="published_at")
def test_overtime_is_a_choice(timesheets: Table, roster: Table, params: Any, period: Window) -> None:
    """Every time sheet with ot_hours above 0 has ot_kind voluntary with ot_consent_on at or before the start of the
    overtime less consent_before, or ot_kind emergency with an ot_reason in PH_grounds (PH only). ot_kind mandatory is a
    finding whatever consent is recorded, a null ot_consent_on is none, a null ot_kind is undecided. The overtime starts
    at sched_end, at clock_in where the shift began before sched_start and did not run past sched_end, and at clock_in
    where sched_start is null. More than same_week_repeat emergency blocks of one person in one Monday-to-Sunday week
    are findings too.
    """
    worked = with_person(timesheets, roster).where(is_overtime()).with_columns(begins=overtime_begins())
    judged = with_blocks(worked).where(period.holds("work_date", timesheets))
    kind, asked = col("ot_kind"), maybe(~col("ot_hours").is_told())
    agreed = col("ot_consent_on") + minutes(params.consent_before) <= col("begins")
    grounded = INDIA | col("ot_reason").is_in(params.PH_grounds)
    assert_every(judged, (kind != "mandatory") & ~asked, because="ordered overtime")
    assert_every(judged, (kind != "voluntary") | agreed, because="nobody agreed before it began")
    assert_every(judged, (kind != "emergency") | ~INDIA | agreed, because="an emergency without consent")
    assert_every(judged, (kind != "emergency") | grounded, because="an emergency on no ground of the law")
    seldom = (kind != "emergency") | (col("blocks") <= params.same_week_repeat)
    assert_every(judged, seldom, because="the emergencies of one week")
    told = judged.where(col("ot_consent_on").is_not_null())
    alike = group(told, "ot_consent_on", people=distinct(col("employee_id"))).where(col("people") >= MANY)
    note_every(alike, "{people} people agreed at the same instant")


def is_overtime() -> Expr:
    """Whether a sheet holds overtime; where ot_hours could not be read, whether the clock says so."""
    clocked = col("clock_out") - col("clock_in")
    longer = clocked - (col("sched_end") - col("sched_start")) >= minutes(15)
    seems = when(col("sched_start").is_null(), clocked >= minutes(15), longer)
    return when(col("ot_hours").is_told(), col("ot_hours") > 0, seems)


def overtime_begins() -> Expr:
    """When the overtime of a sheet began."""
    before = (col("clock_in") < col("sched_start")) & (col("clock_out") <= col("sched_end"))
    return when(col("sched_start").is_null() | before, col("clock_in"), col("sched_end"))


def with_blocks(sheets: Table) -> Table:
    """The same sheets with `blocks`: how many emergencies the person had that week, this day included."""
    sheets = sheets.with_columns(week=week_of(col("work_date")))
    urgent = sheets.where(col("ot_kind") == "emergency")
    keys = {"employee_id": "employee_id", "week": "week"}
    return beside_those(sheets, urgent, keys, "also", col("also_work_date") <= col("work_date"), blocks=count())


@control.claims(
    "WRK-03",
    "No overtime is recorded as ordered without an emergency ground; that people agreed beforehand is not shown.",
)
@reads(timesheets="employee_id work_date ot_hours ot_kind ot_reason")
def test_no_overtime_is_recorded_as_ordered(timesheets: Table, params: Any, period: Window) -> None:
    """No time sheet of the period with overtime has ot_kind mandatory, or emergency without a ground of the law."""
    worked = period.of(timesheets).where(col("ot_hours") > 0)
    grounded = (col("ot_kind") != "emergency") | col("ot_reason").is_in(params.PH_grounds)
    assert_every(worked, col("ot_kind") != "mandatory", because="ordered overtime")
    assert_every(worked, grounded, because="an emergency on no ground of the law")


@control(
    "WRK-07",
    "All work is paid",
    severity="critical",
    params={
        "daily_tolerance": house(15, "min", range=(0, 60)),
        "period_tolerance": house(60, "min", range=(0, 600)),
        "reach": house(120, "min", range=(15, 480)),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 84", "DO 237-22 s.4"],
        "IN": ["CoW s.14", "OSHWC s.25"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03", "DE.AE-03"],
    },
    remedy=(
        "Pay the listed time with the next payday and start the paid shift when the first system is started: boot-up, "
        "huddle, after-call work and courses are work."
    ),
    decisions=[
        (
            "Population: timesheets rows with clock_in in the period; the finding is the timesheets row, for a period "
            "sum the payroll row."
        ),
        "paid_hours includes overtime; ot_hours is never added to it again.",
        (
            "Unpaid time only: a span shorter than paid_hours is no finding; the paid_hours against payroll test alone "
            "runs both ways."
        ),
        "Exactly daily_tolerance and period_tolerance pass.",
        (
            "A sign-in without logout_ts counts as a moment; a shift without any sign-in has no span and is counted; "
            "more than half of such shifts is undecided."
        ),
        "paid_hours null is undecided; service accounts are outside.",
        "A system of which no sign-out can be read at all tells moments only, like a single sign-in without one.",
        "A sign-in belongs to the nearer of two shifts, and to the earlier one where both are as near.",
        (
            "A pay period that the time sheets do not cover wholly is outside and counted; if none is covered, all are "
            "undecided."
        ),
        "Hours paid to a person without any time sheet are a finding: payroll counts what nobody clocked.",
        "A course counts where it was completed outside every clocked shift, in the pay period of its completion.",
        "States of the dialler, punches and badges are not read yet: sign-ins alone make the span.",
    ],
    typical_exception=(
        'Fifteen minutes of boot-up and a huddle before the paid start, every day; home outages "made up" unpaid.'
    ),
    finding_note="an indication, to be heard before discipline",
)
@reads(
    auth_events="ts system account_id logout_ts result",
    accounts="system account_id employee_id",
    timesheets="employee_id work_date clock_in clock_out paid_hours meal_minutes",
    payroll="employee_id period_start period_end period_begins period_is_over regular_hours ot_hours",
)
@reads.optional(training="employee_id started_at completed_at seconds_spent", accounts="account_type")
def test_all_work_is_paid(
    auth_events: Table,
    accounts: Table,
    timesheets: Table,
    payroll: Table,
    training: Table | None,
    params: Any,
    period: Window,
) -> None:
    """For every time sheet with clock_in, the observed span runs from the earliest ts to the latest logout_ts of the
    person's successful sign-ins that lie at most reach before clock_in or after clock_out and nearest to that shift;
    span less meal_minutes less paid_hours is at most daily_tolerance, and the sum of its positive values per person and
    pay period at most period_tolerance. Per pay period paid_hours agree with regular_hours + ot_hours within
    period_tolerance either way. Training completed outside every clocked shift of the period counts as unpaid time
    (seconds_spent). Undertime of another day offsets nothing.
    """
    signins = signins_of_people(auth_events, accounts)
    sheets = with_span(timesheets.where(col("clock_in").is_not_null()), signins, params)
    unpaid = col("left") - col("began") - minutes(col("meal_minutes")) - hours(col("paid_hours"))
    seen = sheets.with_columns(unpaid=unpaid).where(col("began").is_not_null())
    judged, enough = with_share_seen(seen, sheets, period), col("share_seen") >= 0
    small = col("unpaid") <= minutes(params.daily_tolerance)
    assert_every(judged, small & ~maybe(~enough), because="at work longer than paid")
    extra = when(col("began").is_not_null(), greater(unpaid, NOTHING), NOTHING)
    assert_periods_add_up(period.of(payroll), sheets.with_columns(extra=extra), training, params)


def signins_of_people(auth_events: Table, accounts: Table) -> Table:
    """The successful sign-ins, each with its `owner_id`, but for accounts of services and systems."""
    if accounts.has("account_type"):
        accounts = accounts.where(~col("account_type").is_in(["service", "system"]))
    owned = auth_events.where(col("result") == "success").match(
        accounts, {"system": "system", "account_id": "account_id"}, "account"
    )
    return owned.where(col("account")).with_columns(owner_id=col("account_employee_id"))


def with_span(sheets: Table, signins: Table, params: Any) -> Table:
    """The same shifts with `began` and `left`: the first and last moment of the sign-ins that belong to each."""
    around = (col("beside_work_date") >= col("work_date") - days(2)) & (
        col("beside_work_date") <= col("work_date") + days(2)
    )
    earlier, later = (
        col("beside_clock_in") < col("clock_in"),
        col("beside_clock_in") > col("clock_in"),
    )
    told = beside_those(
        sheets, sheets, "employee_id", "beside", around & earlier, before=latest(col("beside_clock_out"))
    )
    told = beside_those(told, sheets, "employee_id", "beside", around & later, after=earliest(col("beside_clock_in")))
    ts, reach = col("seen_ts"), minutes(params.reach)
    mine = (ts >= col("clock_in") - reach) & (ts <= col("clock_out") + reach)
    if signins.has("logout_ts"):
        signins = beside(signins, "system", tells=any_of(col("logout_ts").is_told()))
        left = when(col("tells"), col("logout_ts").or_else(col("ts")), col("ts"))
        signins = signins.with_columns(until=greater(left, col("ts")))
    else:
        signins = signins.with_columns(until=col("ts"))
    not_before = (ts >= col("clock_in")) | col("before").is_null() | (col("clock_in") - ts < ts - col("before"))
    not_after = (ts <= col("clock_out")) | col("after").is_null() | (ts - col("clock_out") <= col("after") - ts)
    return beside_those(
        told, signins, {"employee_id": "owner_id"}, "seen", mine & not_before & not_after,
        began=earliest(ts), left=latest(col("seen_until")),
    )  # fmt: skip


def with_share_seen(seen: Table, sheets: Table, period: Window) -> Table:
    """The shifts of the period with a span, beside `share_seen`: how many more shifts have one than have none."""
    mine = period.of(sheets)
    balance = total(when(col("began").is_told() & col("began").is_not_null(), 1, -1))
    return beside_all(period.of(seen), mine, "share", seen=balance)


def assert_periods_add_up(payroll: Table, sheets: Table, training: Table | None, params: Any) -> None:
    """Unpaid minutes and courses stay small over a pay period, and its paid hours are those of the time sheets."""
    pay = beside_those(
        covered_periods(payroll, sheets), sheets, "employee_id", "sheet", IN_PERIOD,
        unpaid=total(col("sheet_extra")), sheet_hours=total(hours(col("sheet_paid_hours"))),
    )  # fmt: skip
    unpaid, most = col("unpaid"), minutes(params.period_tolerance)
    if training is not None and training.has("seconds_spent"):
        shift = (col("clock_in"), col("clock_out"))
        done = training.where(col("completed_at").is_not_null())
        done = done.during(sheets, "employee_id", "completed_at", shift, "on_shift").where(~col("on_shift"))
        here = (col("course_completed_at") >= col("period_begins")) & (
            col("course_completed_at") < col("period_is_over")
        )
        spent = col("course_seconds_spent")
        known = when(maybe(spent.is_null()), spent, spent)
        pay = beside_those(pay, done, "employee_id", "course", here, studied=total(seconds(known)))
        unpaid = unpaid + col("studied")
    paid = hours(col("regular_hours") + col("ot_hours"))
    assert_every(pay, if_covered(unpaid <= most), because="unpaid minutes add up")
    agree = (paid - col("sheet_hours") <= most) & (col("sheet_hours") - paid <= most)
    assert_every(pay, if_covered(agree), because="payroll counts other hours than the time sheets")


@control.claims(
    "WRK-07",
    "Nobody signed in more than daily_tolerance before clocking in; work after the last sign-in is not seen (no "
    "sign-out log).",
)
@reads(
    auth_events="ts system account_id result",
    accounts="system account_id employee_id",
    timesheets="employee_id work_date clock_in clock_out",
)
def test_nobody_signed_in_long_before_clocking_in(
    auth_events: Table, accounts: Table, timesheets: Table, params: Any, period: Window
) -> None:
    """For every time sheet of the period with clock_in, no sign-in within reach is earlier than daily_tolerance."""
    sheets = period.of(timesheets).where(col("clock_in").is_not_null())
    seen = with_span(sheets, signins_of_people(auth_events, accounts), params)
    seen = seen.where(col("began").is_not_null())
    early = col("clock_in") - minutes(params.daily_tolerance)
    assert_every(seen, col("began") >= early, because="signed in long before clocking in")


def with_worked(sheets: Table) -> Table:
    """The same sheets with `worked`: clocked time less the meal; a missed punch or an unread meal takes nothing off.

    `missed` says that a punch is missing, `unmealed` that nobody could read the meal of somebody who came.
    """
    span = col("clock_out") - col("clock_in")
    known = span.is_told() & col("clock_in").is_not_null()
    meal = when(col("meal_minutes").is_told(), minutes(col("meal_minutes")), NOTHING)
    return sheets.with_columns(
        worked=when(known, span - meal, NOTHING),
        missed=~span.is_told(),
        unmealed=known & ~col("meal_minutes").is_told(),
        present=col("clock_in").is_not_null() | col("clock_out").is_not_null(),
    )


@control(
    "WRK-04",
    "Hours stay within bounds",
    severity="high",
    params={
        "daily_max": house(
            12,
            "h",
            range=(8, 16),
            source="PH statute sets no daily ceiling incl. overtime; IN Codes set normal 8 h",
        ),
        "weekly_max": house(60, "h", range=(40, 84), source="common ethical-trade ceiling; normal 48"),
        "IN_quarter_ot": law(
            144,
            "h",
            range=(0, 144),
            source="Maharashtra from 1-Oct-2025; state table needed (Karnataka 50 h per 3 months in 2021 amendment)",
        ),
        "consecutive_days": law(6, "days", range=(1, 14), source="PH Art. 91; OSH Code s.26"),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 83", "DOLE DA 02-04"],
        "IN": ["OSHWC s.25", "OSHWC s.26", "State S&E Act"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Take the listed people off overtime until their hours are back within the limit, and let the schedule refuse "
        "a shift that would pass it. Where it happens every week, hire."
    ),
    decisions=[
        (
            "Population: person and work_date; the finding is the timesheets row that passes the limit (the last day "
            "of a week or run, the row that ends the quarter's excess)."
        ),
        (
            "The meal is deducted from all three ceilings; meal_minutes null deducts nothing, and an excess of an hour "
            "or less is then undecided."
        ),
        "Two shifts of one work_date add up; a shift belongs to its work_date even past midnight.",
        (
            "A date counts as worked if any clocked time stands on it; a missed punch is undecided and does not break "
            "a run."
        ),
        "Windows that reach back before the table are judged on what is there.",
        "Every day that ends seven dates with too many hours, or a run that is too long, is a finding.",
        "The quarter's finding is its last row with overtime, within the audit period.",
        "States have no table of their own here: the profile of a state sets IN_quarter_ot.",
    ],
    typical_exception="Back-to-back 14-hour shifts at launch, hidden by splitting across two employee numbers.",
)
@reads(
    timesheets="employee_id work_date clock_in clock_out meal_minutes ot_hours",
    roster="employee_id country country_code state",
)
def test_hours_stay_within_bounds(timesheets: Table, roster: Table, params: Any, period: Window) -> None:
    """Worked time of a work_date is clock_out - clock_in less meal_minutes; it is at most daily_max, its sum over any
    seven consecutive dates at most weekly_max, nobody worked on more than consecutive_days dates in a row, and in India
    ot_hours of a calendar quarter are at most IN_quarter_ot (or the state's own figure). Limits included.
    """
    sheets = with_worked(with_person(timesheets, roster))
    judged = with_totals(sheets.where(col("present")), params).where(period.holds("work_date", timesheets))
    assert_every(judged, within_hours("day", params.daily_max), because=f"more than {params.daily_max} h in a day")
    week = within_hours("week", params.weekly_max)
    assert_every(judged, week, because=f"more than {params.weekly_max} h in seven days")
    assert_law_is_known(judged)
    short = col("dates") <= params.consecutive_days
    assert_every(judged, short, because=f"at work on more than {params.consecutive_days} days in a row")
    assert_quarters(sheets.where(INDIA), params, period)


def with_totals(sheets: Table, params: Any) -> Table:
    """The same sheets with the hours of the day so far, of the seven dates up to it, and its run of dates at work."""
    not_later = ~(col("other_clock_in") > col("clock_in")).is_told() | (col("other_clock_in") <= col("clock_in"))
    since = {name: col(f"other_{name}") for name in ("worked", "missed", "unmealed")}
    up_to = col("other_work_date") <= col("work_date")
    told = beside_those(
        sheets, sheets, {"employee_id": "employee_id", "work_date": "work_date"}, "other", not_later,
        day=total(since["worked"]), day_missed=any_of(since["missed"]), day_unmealed=any_of(since["unmealed"]),
    )  # fmt: skip
    told = beside_those(
        told, sheets, "employee_id", "other", up_to & (col("other_work_date") > col("work_date") - days(7)),
        week=total(since["worked"]), week_missed=any_of(since["missed"]), week_unmealed=any_of(since["unmealed"]),
    )  # fmt: skip
    run = up_to & (col("other_work_date") >= col("work_date") - days(params.consecutive_days))
    return beside_those(told, sheets, "employee_id", "other", run, dates=distinct(col("other_work_date")))


def within_hours(what: str, limit: int) -> Expr:
    """Whether a sum keeps its limit; unknown with a missed punch, or up to an hour beyond it with an unread meal."""
    kept = col(what) <= hours(limit)
    doubtful = col(f"{what}_unmealed") & (col(what) <= hours(limit + 1))
    return (kept | maybe(doubtful)) & ~maybe(col(f"{what}_missed"))


def assert_quarters(sheets: Table, params: Any, period: Window) -> None:
    """In India the overtime of a calendar quarter keeps its limit."""
    extra = sheets.where(col("ot_hours") > 0).with_columns(quarter=month_of(col("work_date"), 3))
    extra = beside(extra, "employee_id", "quarter", sum=total(col("ot_hours")), newest=latest(col("work_date")))
    last = extra.where((col("work_date") == col("newest")) & period.holds("work_date", sheets))
    too_much = f"more than {params.IN_quarter_ot} h of overtime in the quarter"
    assert_every(last, col("sum") <= params.IN_quarter_ot, because=too_much)


@control(
    "WRK-05",
    "Rest is given",
    severity="high",
    params={
        "weekly_rest": law(24, "h", range=(24, 72), source="PH Art. 91; OSH Code s.26, s.28 for night shifts"),
        "between_shifts": house(11, "h", range=(0, 24), source="borrowed from EU Directive 2003/88 art. 3"),
        "roster_notice": house(7, "days", range=(0, 3650)),
        "start_swing_per_week": house(4, "h", range=(0, 12)),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 91", "LC Art. 92"],
        "IN": ["OSHWC s.26", "OSHWC s.28"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Give each listed person a full day off this week. Publish rosters a week ahead, and let the schedule refuse a "
        "start too soon after the last shift or far from that week's others."
    ),
    decisions=[
        (
            "Population: pairs of successive shifts, seven-day windows and published rows; the finding is the later "
            "timesheets row."
        ),
        "A window is any seven consecutive local dates wholly inside the period.",
        "weekly_rest and between_shifts include their limit; leave and rest days are rest.",
        "Two parts of one work_date less than three hours apart are one split shift, not two.",
        "published_at null is undecided; a swap is judged by its own published_at.",
        (
            "A seven-day window has no rest where every gap before the shifts of its last six dates is shorter than "
            "weekly_rest; the finding is the last shift of the window."
        ),
        "A gap is judged for shifts that begin in the period; what lies before the first sheet counts as rest.",
        "Every two scheduled starts of one week are compared; the later row is the finding.",
        "Leave needs no reading of its own: nobody clocks in on it, so it is rest.",
    ],
    typical_exception="Flip from night to morning with eight hours between; rest day bought back every week.",
)
@reads(timesheets="employee_id work_date sched_start sched_end clock_in clock_out published_at sched_start_minute")
@reads.optional(leave="employee_id start end kind")
def test_rest_is_given(timesheets: Table, params: Any, period: Window) -> None:
    """In any seven days there is a gap of at least weekly_rest between a clock_out and the next clock_in of the person;
    every gap between two shifts is at least between_shifts; published_at is at least roster_notice x 24 h before
    sched_start; within a Monday-to-Sunday week sched_start moves by at most start_swing_per_week on the clock face
    (shorter way round midnight).
    """
    assert_rested(timesheets, params, period)
    planned = timesheets.where(col("sched_start").is_not_null()).with_columns(week=week_of(col("work_date")))
    in_time = col("published_at") + days(params.roster_notice) <= col("sched_start")
    assert_every(period.of(planned), in_time, because="published too late")
    swung = beside_those(
        planned, planned, {"employee_id": "employee_id", "week": "week"}, "other", swings(params), far=count()
    )
    assert_every(period.of(swung), col("far") <= 0, because="begins far from another shift of that week")


def swings(params: Any) -> Expr:
    """Whether another start of the week is earlier and too far away on the clock face, whichever way round."""
    one, other = col("sched_start_minute"), col("other_sched_start_minute")
    apart, most = greater(one, other) - lesser(one, other), 60 * params.start_swing_per_week
    far: Expr = (apart > most) & (apart < 1440 - most)
    return (col("other_sched_start") < col("sched_start")) & far


def assert_rested(timesheets: Table, params: Any, period: Window) -> None:
    """Eleven hours, or what the profile says, lie between two shifts, and a whole day in every seven."""
    came = timesheets.where(col("clock_in").is_not_null())
    shifts = with_gaps(came, params)
    between = hours(params.between_shifts)
    split = col("part_before").is_null() | (col("clock_in") - col("part_before") < hours(3))
    rested = split | (col("clock_in") - col("part_before") >= between)
    day = col("day_before").is_null() | (col("clock_in") - col("day_before") >= between)
    assert_every(period.of(shifts), rested & day, because=f"less than {params.between_shifts} h after the shift before")
    six = (col("other_work_date") >= col("work_date") - days(5)) & (col("other_clock_in") <= col("clock_in"))
    weeks = beside_those(shifts, shifts, "employee_id", "other", six, rested=any_of(col("other_fresh")))
    whole = period.of(weeks).where(col("work_date") >= period.start + timedelta(days=6))
    assert_every(whole, col("rested"), because=f"seven days without {params.weekly_rest} h of rest")


def with_gaps(shifts: Table, params: Any) -> Table:
    """The same shifts with the end of the one before, on that date and on an earlier one; `fresh` after a long rest."""
    reach = days(params.weekly_rest // 24 + 1)
    earlier = (col("other_clock_in") < col("clock_in")) & (col("other_work_date") >= col("work_date") - reach)
    same = col("other_work_date") == col("work_date")
    told = beside_those(
        shifts, shifts, "employee_id", "other", earlier & same, part_before=latest(col("other_clock_out"))
    )
    told = beside_those(
        told, shifts, "employee_id", "other", earlier & ~same, day_before=latest(col("other_clock_out"))
    )
    newest = col("part_before").or_else(col("day_before"))
    long = newest.is_null() | (col("clock_in") - newest >= hours(params.weekly_rest))
    return told.with_columns(fresh=long)


@control.claims(
    "WRK-05",
    "Weekly rest and rest between shifts were given; when rosters were published and how they swung is not shown.",
)
@reads(timesheets="employee_id work_date clock_in clock_out")
def test_rest_between_shifts_and_every_week(timesheets: Table, params: Any, period: Window) -> None:
    """Every gap between two shifts is at least between_shifts, and one in any seven days at least weekly_rest."""
    assert_rested(timesheets, params, period)


@control(
    "WRK-06",
    "Night work is paid and safe",
    severity="high",
    params={
        "PH_rate": law(10, "%", range=(10, 100), source="LC Art. 86"),
        "PH_window": law("22:00-06:00", "local time", source="LC Art. 86; Omnibus Rules Book III Rule II s.1"),
        "PH_night_ot_total": law(1.375, "x", range=(1.375, 5), source="Rule II s.3: 1.25 then +10% of that"),
        "PH_night_rest_day_total": law(1.43, "x", range=(1.43, 5), source="Rule II s.4: 1.30 then +10% of that"),
        "IN_window": law("19:00-06:00", "local time", source="OSH Code s.43: before 6 am and beyond 7 pm"),
        "IN_transport": law(
            True,
            "bool",
            allowed=[True],
            source="state exemption conditions, e.g. Telangana to 30-May-2028",
        ),
        "tolerance": house(1, "%", range=(0, 5), source="as WRK-02"),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 86", "RA 10151"],
        "IN": ["OSHWC s.43", "State IT exemption"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Recompute the differential from the punches, not from the schedule, and pay what is missing. In India roster "
        "no woman at night without her consent on record and a company cab or bus both ways."
    ),
    decisions=[
        "Population: payroll rows (PH) and night_work rows (IN) of the period; the finding is that row.",
        (
            "Without break punches the whole meal is deducted from the night window, to the vendor's favour, and the "
            "result says so; with punches the part inside the window."
        ),
        (
            "meal_minutes null deducts nothing and makes an underpaid row undecided; pay periods not wholly covered by "
            "time sheets are outside, as in WRK-02."
        ),
        "A paid person without any time sheet is undecided: no hours on record are not none.",
        "night_hours of payroll is shown; the clocked time decides.",
        (
            "IN: a woman's night shift in timesheets without a night_work row cannot be known and is not claimed; "
            "consent_on null and transport public or own are findings."
        ),
        "Without night_work sites in IN are undecided, person by person.",
        (
            "night_pay is the differential alone, beside ot_pay and rest_day_pay: at least PH_rate of the hour, of an "
            "overtime hour what PH_night_ot_total holds of it (0.125), of a special day 0.13."
        ),
        "Overtime at night is clocked time beyond eight hours and the meal; rest days are not read here.",
        "The window's local time is that of the engagement's zone.",
    ],
    typical_exception="Differential paid on scheduled not worked hours; US daylight-saving week paid an hour short.",
)
@reads(
    timesheets="employee_id work_date clock_in clock_out meal_minutes day_begins",
    payroll="employee_id period_start period_end basic_hourly night_hours night_pay",
    roster="employee_id country country_code state",
)
@reads.optional(
    night_work="employee_id shift_start shift_end gender consent_on transport shift_date shift_day_begins",
    calendar="date country country_code state site kind",
    punches="ts employee_id direction",
    roster="site",
)
def test_night_work_is_paid_and_safe(
    timesheets: Table,
    payroll: Table,
    roster: Table,
    night_work: Table | None,
    calendar: Table | None,
    punches: Table | None,
    params: Any,
    period: Window,
) -> None:
    """PH: per pay period, night_pay is at least clocked time between 22:00 and 06:00 local, less meal_minutes of shifts
    that touch the window, x basic_hourly x PH_rate, less tolerance; overtime at night and nights on rest or special
    days (calendar) at PH_night_ot_total and PH_night_rest_day_total. IN: every night_work row with gender f whose shift
    touches IN_window has consent_on on or before the shift's local date and transport company_cab or company_bus.
    gender is read, and asked for, only for people with roster country IN.
    """
    sheets = with_holidays(with_person(timesheets, roster).where(CAME), calendar)
    nights = with_night_weight(with_breaks(sheets, punches), params)
    pay = with_person(period.of(payroll), roster).where(PHILIPPINES)
    judged = beside_those(
        covered_periods(pay, timesheets), nights, "employee_id", "sheet", IN_PERIOD,
        weight=total(col("sheet_weight")), unmealed=any_of(col("sheet_unmealed")),
    )  # fmt: skip
    judged = judged.with_columns(due=times(col("weight"), col("basic_hourly")))
    right = paid_within(col("night_pay"), col("due"), params) | maybe(col("unmealed"))
    assert_law_is_known(judged)
    assert_every(judged, if_covered(right), because="night hours paid below their rate")
    say_without_calendar(judged, calendar)
    say_without_punches(judged, punches)
    assert_night_shifts_are_safe(night_work, roster, params, period)


def say_without_punches(rows: Table, punches: Table | None) -> None:
    """Note that the meal was taken off the night as a whole."""
    if punches is None:
        whole = group(rows.with_columns(whole=always("employee_id")), "whole", rows=count())
        note_every(whole, "no break punches were handed in: the whole meal is taken off the night, for the vendor")


def with_breaks(shifts: Table, punches: Table | None) -> Table:
    """The same shifts with what is taken off their night: break punches inside it, else the whole meal."""
    meal = when(col("meal_minutes").is_told(), minutes(col("meal_minutes")), NOTHING)
    if punches is None:
        return shifts.with_columns(breaks=meal, exact=~always("work_date"))
    inside = (col("break_ts") >= col("clock_in")) & (col("break_ts") <= col("clock_out"))
    told = beside_those(
        shifts, breaks_of(punches), "employee_id", "break", inside,
        punched=count(), off=total(col("break_back") - col("break_ts")),
        night_off=total(inside_window(col("break_ts"), col("break_back"), "22:00-06:00")),
    )  # fmt: skip
    exact = col("punched") > 0
    return told.with_columns(breaks=when(exact, col("night_off"), meal), exact=exact)


def breaks_of(punches: Table) -> Table:
    """The breaks that punches make, with the instant they end, `back`; a break without return is none."""
    backs = punches.where(col("direction") == "break_in")
    after = (col("in_ts") > col("ts")) & (col("in_ts") <= col("ts") + hours(4))
    told = beside_those(
        punches.where(col("direction") == "break_out"), backs, "employee_id", "in", after, back=earliest(col("in_ts"))
    )
    return told.where(col("back").is_not_null())


def clock(window: str) -> tuple[int, int]:
    """First and last minute of a window like 22:00-06:00 after local midnight; one that ends next day goes on."""
    first, last = (60 * int(part[:2]) + int(part[3:]) for part in window.split("-"))
    return first, last if last > first else last + 1440


def inside_window(begins: Expr, ends: Expr, window: str, day: str = "day_begins") -> Expr:
    """How much of a span lies in the window of that night, the one before and the one after."""
    first, last = clock(window)
    parts = [
        lesser(ends, col(day) + minutes(last + shift)) - greater(begins, col(day) + minutes(first + shift))
        for shift in (-1440, 0, 1440)
    ]
    one, two, three = (greater(part, NOTHING) for part in parts)
    return one + two + three


def with_night_weight(shifts: Table, params: Any) -> Table:
    """The same shifts with the `weight` of their night hours: hours times the share of the hourly rate due on top."""
    meal = when(col("meal_minutes").is_told(), minutes(col("meal_minutes")), NOTHING)
    told = shifts.with_columns(normal_until=col("clock_in") + hours(8) + meal)
    told = told.with_columns(
        night=inside_window(col("clock_in"), col("clock_out"), params.PH_window),
        late=inside_window(col("normal_until"), col("clock_out"), params.PH_window),
    )
    told = told.with_columns(plain=greater(col("night") - col("late") - col("breaks"), NOTHING))
    feast = times(in_hours(col("plain") + col("late")), differential(params.PH_night_rest_day_total, params))
    usual = times(in_hours(col("plain")), Decimal(params.PH_rate) / 100)
    usual = usual + times(in_hours(col("late")), differential(params.PH_night_ot_total, params))
    touched = (col("night") > NOTHING) & ~col("meal_minutes").is_told()
    return told.with_columns(weight=when(col("holiday") | col("special"), feast, usual), unmealed=touched)


def differential(whole: Decimal, params: Any) -> Decimal:
    """The part of a night rate that is paid for the night."""
    part = whole * params.PH_rate / (100 + params.PH_rate)
    return Decimal(part).quantize(Decimal("0.000001"), ROUND_DOWN)


def assert_night_shifts_are_safe(night_work: Table | None, roster: Table, params: Any, period: Window) -> None:
    """In India a woman works at night with her consent and with transport of the company, both on record."""
    if night_work is None:
        there = roster.where(col("country_code") == "IN")
        assert_every(there, maybe(col("country_code") == "IN"), because="no night_work: whether nights are safe")
        return
    shifts = with_person(period.of(night_work), roster).where(INDIA)
    shifts = shifts.where((col("gender") == "f") | maybe(col("gender").is_null()))
    touched = inside_window(col("shift_start"), col("shift_end"), params.IN_window, "shift_day_begins")
    shifts = shifts.where(touched > NOTHING)
    agreed = col("consent_on") <= col("shift_date")
    assert_every(shifts, agreed, because="no consent before the night shift")
    if params.IN_transport:
        safe = col("transport").is_in(["company_cab", "company_bus"])
        assert_every(shifts, safe, because="no transport by the company")


@control.claims(
    "WRK-06",
    "PH: night hours that payroll itself counted carry the differential; night hours it did not count, and India, are "
    "not shown.",
)
@reads(
    payroll="employee_id period_start period_end basic_hourly night_hours night_pay",
    roster="employee_id country country_code",
)
def test_night_hours_that_payroll_counted_are_paid(payroll: Table, roster: Table, params: Any, period: Window) -> None:
    """Every payroll row of the period of the Philippines pays its own night_hours at PH_rate, less tolerance."""
    pay = with_person(period.of(payroll), roster).where(PHILIPPINES)
    share = Decimal(params.PH_rate) / 100
    pay = pay.with_columns(due=times(times(col("night_hours"), col("basic_hourly")), share))
    assert_every(pay, paid_within(col("night_pay"), col("due"), params), because="night hours paid below their rate")


@control(
    "WRK-08",
    "Breaks happen",
    severity="medium",
    params={
        "PH_meal": law(
            60, "min", range=(60, 120), source="LC Art. 85 (not less than 60; short 5-20 min rests are paid time)"
        ),
        "IN_interval": law(
            30,
            "min",
            range=(30, 120),
            source="notified under OSH Code s.25(1)(b), after 5 h at a stretch (central sphere)",
        ),
        "late_meal": house(5, "h", range=(1, 8)),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 84", "LC Art. 85"],
        "IN": ["OSHWC s.25"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Schedule the meal within the first five hours and take the person out of the queue for it. A break that the "
        "queue cut short is given again the same shift, and its length is paid."
    ),
    decisions=[
        "Population: timesheets rows with more than 5 h on the clock; the finding is the timesheets row.",
        "Exactly 5 h needs no meal; exactly the legal minutes pass; meal_minutes null is undecided, 0 is a finding.",
        (
            "Where in the shift the meal lay is judged only with interactions, agent_states or break punches; without "
            "them only its length is claimed."
        ),
        (
            "A stretch that begins exactly late_meal after clock_in is in time; people without contacts that day are "
            "judged by length alone."
        ),
        "In agent_states a contact is the state on_call or after_call; a stretch in any one of the sources is enough.",
        "The smaller claim speaks of days on which a person's states hold more than 5 h.",
    ],
    typical_exception="Toilet time capped and counted as a break; lunch cut at queue peaks.",
)
@reads(timesheets="employee_id work_date clock_in clock_out meal_minutes", roster="employee_id country country_code")
@reads.optional(
    interactions="agent_id start end",
    agent_states="ts_start ts_end agent_id state",
    punches="ts employee_id direction",
)
def test_breaks_happen(
    timesheets: Table,
    roster: Table,
    interactions: Table | None,
    agent_states: Table | None,
    punches: Table | None,
    params: Any,
    period: Window,
) -> None:
    """Every time sheet with more than 5 h between clock_in and clock_out has meal_minutes at least PH_meal (IN:
    IN_interval), and, where interactions or agent_states are given, a stretch of that length without contact (or in
    state lunch or break) between two contacts begins at most late_meal after clock_in.
    """
    long = with_person(period.of(timesheets), roster).where(col("clock_out") - col("clock_in") > hours(5))
    long = long.with_columns(meal=when(INDIA, params.IN_interval, params.PH_meal))
    assert_every(long, col("meal_minutes") >= col("meal"), because="meal too short")
    seen = long.with_columns(busy=~always("work_date"), rested=~always("work_date"))
    if interactions is not None:
        free = free_times(interactions, "agent_id", "start", "end")
        seen = with_stretches(seen, free, "agent_id", "contact", params)
    if agent_states is not None:
        calls = agent_states.where(col("state").is_in(["on_call", "after_call"]))
        seen = with_stretches(seen, free_times(calls, "agent_id", "ts_start", "ts_end"), "agent_id", "call", params)
    if punches is not None:
        breaks = breaks_of(punches).with_columns(free_from=col("ts"), free_until=col("back"))
        seen = with_stretches(seen, breaks, "employee_id", "punch", params)
    assert_every(seen, ~col("busy") | col("rested"), because="no break of that length in time")


def with_stretches(shifts: Table, free: Table, person: str, name: str, params: Any) -> Table:
    """The same shifts with `busy`: was in contact at all, and `rested`: had a free stretch in time and long enough."""
    begins, ends = col(f"{name}_free_from"), col(f"{name}_free_until")
    there = (begins >= col("clock_in")) & (begins <= col("clock_out"))
    long = (ends <= col("clock_out")) & (ends - begins >= minutes(col("meal")))
    early = begins <= col("clock_in") + hours(params.late_meal)
    shortest = minutes(params.IN_interval)
    stretches = free.where(col("free_until").is_null() | (col("free_until") - col("free_from") >= shortest))
    figures = {f"{name}_busy": any_of(always("clock_in")), f"{name}_rested": any_of(long & early)}
    told = beside_those(shifts, stretches, {"employee_id": person}, name, there, **figures)
    return told.with_columns(busy=col("busy") | col(f"{name}_busy"), rested=col("rested") | col(f"{name}_rested"))


@control.claims(
    "WRK-08",
    "Every logged day in the dialler has a lunch state of legal length; people who are not in the dialler are not "
    "shown.",
)
@reads(agent_states="ts_start ts_end agent_id state work_date", roster="employee_id country country_code")
def test_every_day_in_the_dialler_has_a_lunch(agent_states: Table, roster: Table, params: Any, period: Window) -> None:
    """Every day with more than 5 h of states holds one state lunch of the legal length."""
    states = period.of(agent_states).where(col("state") != "offline")
    states = states.match(roster, {"agent_id": "employee_id"}, "person")
    states = states.with_columns(
        span=col("ts_end") - col("ts_start"), meal=when(INDIA, params.IN_interval, params.PH_meal)
    )
    lunch = (col("state") == "lunch") & (col("span") >= minutes(col("meal")))
    logged = group(states, "agent_id", "work_date", span=total(col("span")), lunch=any_of(lunch))
    assert_every(logged.where(col("span") > hours(5)), col("lunch"), because="no lunch of legal length")


@control(
    "WRK-09",
    "Thirteenth-month pay",
    severity="high",
    params={
        "due": law("12-24", "month-day", source="PD 851"),
        "fraction": law(0.083333, "of basic earned", range=(0.083333, 1), source="PD 851"),
    },
    applies={"countries": ["PH"]},
    maps={
        "PH": ["PD 851"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Pay each listed person the twelfth of what was earned in basic pay this year, today. An open investigation, a "
        "bond or missing equipment is no ground to hold it back."
    ),
    decisions=[
        (
            "Population: roster people of country PH with payroll rows in the year, a month of service or more; the "
            "finding is the person's newest payroll row of that year."
        ),
        (
            "Before 24 December of the as-of year the year before is judged where payroll covers it, else "
            "not_applicable (scope)."
        ),
        (
            "Amounts in the bank by value_date count before the payroll column; where bank_credits has no such row, "
            "the column counts only with a payday on or before due."
        ),
        "Short by one unit of currency or less passes.",
        "A pay row belongs to the year of its period_end, a credit to the year of its value_date.",
        "A year is covered from January where a person's first pay row of it begins by 1 January or by the hire date.",
        "Of people who have left, what was paid by the as-of date counts, as it comes with final pay.",
    ],
    typical_exception='Withheld from people "under investigation".',
)
@reads(
    payroll="employee_id basic thirteenth_month period_start period_end payday",
    bank_credits="employee_id value_date amount purpose",
    roster="employee_id country country_code hire_date status",
)
def test_the_thirteenth_month_is_paid(
    payroll: Table, bank_credits: Table, roster: Table, params: Any, as_of: AsOf
) -> None:
    """Due only when the as-of date is on or after due (24 December) of a year that the payroll rows cover from January
    or from hire. Then thirteenth_month, or credits with purpose thirteenth_month valued on or before that date, is at
    least fraction x the sum of basic of that year's rows; people with less than a month of service are outside; leavers
    get it with final pay. Before the date: not_applicable.
    """
    due = latest_due(params.due, as_of)
    not_due(f"due on {due}; no year that payroll covers from January or from hire is due")
    told = with_thirteenth(with_year(payroll, due), bank_credits, roster, due, as_of)
    enough = col("paid") + 1 >= times(col("earned"), params.fraction)
    assert_every(told, enough, because="thirteenth-month pay not there in full by the day it was due")


def latest_due(month_day: str, as_of: AsOf) -> date:
    """The newest due date that is not after the as-of date."""
    month, day = (int(part) for part in month_day.split("-"))
    due = date(as_of.date.year, month, day)
    return due if due <= as_of.date else due.replace(year=due.year - 1)


def with_year(payroll: Table, due: date) -> Table:
    """The newest pay row of each person in the year of `due`, with what was `earned` in it and since when."""
    year = payroll.where(month_of(col("period_end"), 12) == date(due.year, 1, 1))
    told = beside(
        year, "employee_id", since=earliest(col("period_start")), newest=latest(col("period_end")),
        earned=total(col("basic")),
    )  # fmt: skip
    own = (col("other_period_end") <= col("newest")) & (col("other_payday") <= due)
    told = beside_those(told, year, "employee_id", "other", own, in_time=total(col("other_thirteenth_month")))
    told = beside(told, "employee_id", ever=total(col("thirteenth_month")))
    return told.where(col("period_end") == col("newest"))


def with_thirteenth(rows: Table, bank_credits: Table, roster: Table, due: date, as_of: AsOf) -> Table:
    """The people of the Philippines who have a right to it, with what was `paid` by the day it was due."""
    told = with_person(rows, roster)
    left = col("person_status") == "terminated"
    told = told.with_columns(until=when(left, as_of.date, due))
    meant = bank_credits.where(col("purpose") == "thirteenth_month")
    that_year = month_of(col("credit_value_date"), 12) == date(due.year, 1, 1)
    in_time = (col("credit_value_date") <= col("until")) & (that_year | left)
    told = beside_those(
        told, meant, "employee_id", "credit", that_year | in_time,
        credits=count(), banked=total(when(in_time, col("credit_amount"), 0)),
    )  # fmt: skip
    column = when(left, col("ever"), col("in_time"))
    told = told.with_columns(paid=when(col("credits") > 0, col("banked"), column))
    covered = (col("since") <= date(due.year, 1, 1)) | (col("since") <= col("person_hire_date"))
    served = col("person_hire_date").add_months(1) <= col("newest")
    return told.where(PHILIPPINES & covered & served)


@control(
    "WRK-10",
    "Final pay released",
    severity="high",
    params={
        "PH_final_pay": advisory(30, "days", range=(0, 30), source="DOLE LA 06-20"),
        "PH_coe": advisory(3, "days", range=(0, 3), source="DOLE LA 06-20"),
        "IN_wages": law(2, "working days", range=(0, 2), source="CoW s.17(2)"),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["DOLE LA 06-20"],
        "IN": ["CoW s.17(2)"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Release each open final pay and certificate today. Clear equipment and access on the last day worked, so that "
        "nothing has to wait for it; a lost headset is a claim of its own, not a reason to hold wages."
    ),
    decisions=[
        "Population: leavers rows; the finding is the leavers row.",
        "The bank's value_date outranks the HR date; several credits: the last one.",
        (
            "Days run from separated_on, the next day is day one; working days are Monday to Friday without calendar "
            "rows of the country, state and site."
        ),
        ("Without calendar IN is judged by weekdays alone and a row late by no more than three days is undecided."),
        "An open row is a finding once the limit has passed; a null country is undecided.",
        "A date of payment after the as-of date is a promise: the row is open.",
    ],
    typical_exception="Held for months against a lost headset; a grudge and working credentials together.",
)
@reads(
    leavers="employee_id separated_on final_pay_on coe_requested_on coe_issued_on",
    roster="employee_id country country_code",
)
@reads.optional(
    bank_credits="employee_id value_date purpose",
    calendar="date country country_code state site kind",
    roster="state site",
)
def test_final_pay_is_released(
    leavers: Table,
    roster: Table,
    bank_credits: Table | None,
    calendar: Table | None,
    params: Any,
    as_of: AsOf,
) -> None:
    """PH: final_pay_on (open: the as-of date) at most PH_final_pay days after separated_on; where coe_requested_on is
    set, coe_issued_on at most PH_coe days after it. IN: final_pay_on at most IN_wages working days (weekdays that no
    calendar row excludes) after separated_on. Limits included. Where bank_credits with purpose final_pay exist, the
    value date counts instead of final_pay_on.
    """
    gone = with_final_pay(with_person(leavers, roster), bank_credits, as_of)
    local, late = gone.where(PHILIPPINES), "final pay not released in time"
    known, waiting = PHILIPPINES | ~PHILIPPINES, ~col("released")
    due = col("separated_on") + days(params.PH_final_pay)
    judged = local.where(~waiting | (due < as_of.date))
    assert_every(judged, known & (col("paid_on") <= due), because=late)
    note_every(local.where(waiting & (due >= as_of.date)), "final pay is open, and not yet due")
    until, issued = col("coe_requested_on") + days(params.PH_coe), col("coe_issued_on")
    asked = local.where(col("coe_requested_on").is_not_null())
    asked = asked.where(issued.is_not_null() | (until < as_of.date))
    assert_every(asked, known & (issued <= until), because="certificate not issued in time")
    assert_paid_within_working_days(gone.where(INDIA), calendar, params, late)


def with_final_pay(leavers: Table, bank_credits: Table | None, as_of: AsOf) -> Table:
    """The same leavers with `paid_on`, by the bank where it says so, else by HR, and whether pay was `released`."""
    told = leavers.with_columns(paid_on=col("final_pay_on"))
    if bank_credits is not None:
        last = bank_credits.where(col("purpose") == "final_pay")
        told = beside_those(
            told, last, "employee_id", "credit", col("credit_value_date") >= col("separated_on") - days(366),
            banked=latest(col("credit_value_date")),
        )  # fmt: skip
        told = told.with_columns(paid_on=col("banked").or_else(col("final_pay_on")))
    told = told.with_columns(released=col("paid_on") <= as_of.date)
    return told.with_columns(paid_on=when(col("released"), col("paid_on"), as_of.date))


def assert_paid_within_working_days(leavers: Table, calendar: Table | None, params: Any, late: str) -> None:
    """India: final pay is there within so many working days."""
    start, end = col("separated_on"), col("paid_on")
    weeks = week_of(end) - week_of(start)
    off = when(weeks > NOTHING, timedelta(days=2), NOTHING) + weekend(end) - weekend(start)
    told = leavers.with_columns(long_ago=weeks > timedelta(days=7), spent=end - start - off)
    if calendar is not None:
        here = same_place(told, "state") & same_place(told, "site")
        closed = here & (col("day_date") > start) & (col("day_date") <= end)
        closed = closed & (weekend(col("day_date")) <= NOTHING)
        told = beside_those(
            told,
            calendar.with_columns(one=when(always("date"), 1, 0)),
            {"person_country_code": "country_code"},
            "day",
            closed,
            closed=total(days(col("day_one"))),
        )
        told = told.with_columns(spent=col("spent") - col("closed"))
    kept, perhaps = col("spent") <= days(params.IN_wages), col("spent") <= days(params.IN_wages + 3)
    kept = kept if calendar is not None else kept | maybe(perhaps)
    due = told.where(col("released") | ~kept | maybe(~kept))
    assert_every(due, ~col("long_ago") & kept, because=late)


def weekend(day: Expr) -> Expr:
    """How many days of its weekend have begun on a date: one on a Saturday, two on a Sunday."""
    return greater(day - week_of(day) - days(4), NOTHING)


@control(
    "WRK-11",
    "Deductions and contributions are lawful",
    severity="high",
    params={
        "IN_deduction_cap": law(50, "% of wages", range=(0, 50), source="CoW s.18"),
        "forbidden": law(
            ["cash_bond", "training_bond_recovery", "equipment_loss_without_hearing", "qa_score_penalty"],
            "list",
            allowed=[
                "cash_bond",
                "training_bond_recovery",
                "equipment_loss_without_hearing",
                "qa_score_penalty",
                "canteen",
                "other",
            ],
            source="PH LC Art. 113-116",
        ),
        "remit_by": law(
            "statutory", "per scheme", allowed=["statutory"], source="each scheme's own rules, as due_on says"
        ),
    },
    applies=COUNTRIES,
    maps={
        "PH": ["LC Art. 113", "LC Art. 114", "LC Art. 116"],
        "IN": ["CoW s.18", "CoW s.50"],
        "ISO27001": ["A.5.31"],
        "SOC2": ["CC1.1"],
        "CSF": ["GV.OC-03"],
    },
    remedy=(
        "Pay back each forbidden deduction with the next payday and strike it from payroll. Remit what is open today, "
        "with the surcharge at the employer's cost, and hand the receipt to staff."
    ),
    decisions=[
        "Population: payroll rows and contributions rows of the period; the findings are those rows.",
        (
            "Headcount is the number of different employee_id with a payroll row whose period_end lies in the month, "
            "in the scheme's country, leavers included."
        ),
        (
            "1 % is rounded up to one person at least; a scheme without row for a month that payroll covers is a "
            "finding on the contributions file."
        ),
        "payslip_on null is a finding once its day has passed; deductions null is undecided.",
        ("Deductions of exactly the cap pass; remit_by says that due_on decides, so due_on null is undecided."),
        "A contributions row is of the period where its month begins or its due_on lies in it.",
        (
            "A scheme is missing where the same month has a row of another scheme of the engagement's country; a month "
            "without any row is a finding on its pay rows once the month after it is over."
        ),
        "Without roster every payroll row counts towards the headcount, of schemes of the engagement's country alone.",
    ],
    typical_exception="Contributions deducted but remitted quarters later; fines for quality errors.",
)
@reads(
    payroll="employee_id period_start period_end deductions deduction_kinds gross payslip_on payday",
    contributions="scheme month month_begins employees amount due_on paid_on",
)
@reads.optional(roster="employee_id country country_code")
def test_deductions_and_contributions_are_lawful(
    payroll: Table,
    contributions: Table,
    roster: Table | None,
    params: Any,
    period: Window,
    as_of: AsOf,
    engagement: Terms,
) -> None:
    """No deduction_kinds entry is in forbidden; other is undecided; IN: deductions at most IN_deduction_cap of gross;
    payslip_on on or before payday + 1 day; every contributions row has paid_on on or before due_on (open ones once
    due_on has passed) and employees within 1 % of the people with payroll rows of that month, where payroll covers the
    month.
    """
    pay = in_country(payroll, roster, engagement)
    assert_deductions(period.of(pay), params, as_of)
    mine = period.holds("month_begins", contributions) | period.holds("due_on", contributions)
    remitted = contributions.where(mine).with_columns(country=when(col("scheme").is_in(INDIAN), "IN", "PH"))
    assert_remitted(remitted, as_of)
    ours = remitted if roster is not None else remitted.where(col("country") == engagement.country)
    assert_headcounts(ours, pay)
    assert_every_scheme_is_there(contributions, period.of(payroll), as_of, engagement)


def in_country(payroll: Table, roster: Table | None, engagement: Terms) -> Table:
    """The same pay rows with their person's `country`; without a roster, that of the engagement."""
    if roster is None:
        return payroll.with_columns(country=when(always("payday"), engagement.country, engagement.country))
    told = with_person(payroll, roster)
    return told.with_columns(country=col("person_country_code"))


def assert_deductions(payroll: Table, params: Any, as_of: AsOf) -> None:
    """Nothing forbidden was taken off, not too much, and a pay slip says what."""
    kinds, taken = col("deduction_kinds"), col("deductions")
    nothing = (taken <= 0) & (taken >= 0)
    forbidden = kinds.any_part_in(params.forbidden)
    assert_every(payroll, nothing | ~forbidden, because="a forbidden deduction")
    assert_every(payroll, nothing | ~maybe(kinds.any_part_in(["other"])), because="a deduction nobody named")
    fair = (col("country") != "IN") | (times(taken, 100) <= times(col("gross"), params.IN_deduction_cap))
    assert_every(payroll, fair, because="deductions beyond the cap")
    until = col("payday") + days(1)
    due = payroll.where(col("payslip_on").is_not_null() | (until < as_of.date))
    assert_every(due, col("payslip_on") <= until, because="no pay slip in time")


def assert_remitted(contributions: Table, as_of: AsOf) -> None:
    """Each remittance was paid when it was due."""
    open_ = col("paid_on").is_null()
    due = contributions.where(~open_ | (col("due_on") < as_of.date) | maybe(~col("due_on").is_told()))
    assert_every(due, ~open_ & (col("paid_on") <= col("due_on")), because="not remitted by the day it was due")
    note_every(contributions.where(open_ & (col("due_on") >= as_of.date)), "open, and not yet due")


def assert_headcounts(contributions: Table, payroll: Table) -> None:
    """Each remittance of a month that payroll covers is for as many people as were paid in it."""
    heads = group(
        payroll.with_columns(month_begins=month_of(col("period_end"))), "country", "month_begins", "employee_id"
    )
    keys = {"country": "country", "month_begins": "month_begins"}
    told = beside_those(
        contributions, heads, keys, "head", always("head_employee_id"), heads=total(when(always("country"), 1, 0))
    )
    told = beside_all(told, payroll, "pay", first=earliest(col("period_start")), last=latest(col("period_end")))
    month = col("month_begins")
    covered = (col("pay_first") <= month) & (month.add_months(1) - days(1) <= col("pay_last"))
    apart = greater(col("employees"), col("heads")) - lesser(col("employees"), col("heads"))
    near = times(apart, 100) < col("heads") + 100
    assert_every(told.where(covered), near, because="remitted for other than the people who were paid")


def assert_every_scheme_is_there(contributions: Table, payroll: Table, as_of: AsOf, engagement: Terms) -> None:
    """Each month that payroll covers has a remittance of every scheme of the country."""
    schemes = {"PH": ("sss", "philhealth", "pagibig"), "IN": ("epf", "esi")}[engagement.country]
    months = group(contributions, "month_begins", **{s: any_of(col("scheme") == s) for s in schemes})
    paid = group(payroll.with_columns(month_begins=month_of(col("period_end"))), "month_begins", rows=count())
    there = months.match(paid, "month_begins", "payroll").where(col("payroll"))
    for scheme in schemes:
        assert_every(there, col(scheme), because=f"no {scheme} remittance of this month")
    over = paid.where(col("month_begins").add_months(2) <= as_of.date)
    assert_every(over.without(months, "month_begins"), "there", because="no remittance of any scheme for this month")


@control(
    "WRK-12",
    "Staff can speak and are heard",
    severity="medium",
    params={
        "pulse_every": house(180, "days", range=(0, 3650)),
        "response_min": house(60, "%", range=(0, 100)),
        "closed_30d_min": house(90, "%", range=(0, 100)),
        "attrition_flag": house(45, "% a year", range=(0, 1000), source="CCAP 2022 total attrition 45%"),
    },
    maps={
        "PH": ["RA 11036", "DO 208-20", "RA 11058", "DO 252-25", "RA 11313"],
        "IN": ["POSH Act 2013", "OSHWC s.6"],
        "ISO27001": ["A.6.4", "A.5.31"],
        "SOC2": ["CC1.1", "CC2.2"],
        "CSF": ["GV.RR-01", "GV.RR-04"],
        "COPC": ["people management"],
    },
    remedy=(
        "Run an anonymous survey at each listed site this month, on a form that the client or a third party hosts, and "
        "close every open grievance with an answer within 30 days."
    ),
    decisions=[
        (
            "Population: the sites of active roster people; the finding is the newest pulse row of the site, else the "
            "site without row."
        ),
        (
            "Each site needs a pulse row at most pulse_every days before the as-of date, with answered at least "
            "response_min of invited."
        ),
        (
            "Grievances are pooled over all pulse rows of the 365 days before the as-of date: grievance_closed_30d at "
            "least closed_30d_min of grievance_opened; none opened passes with a note."
        ),
        "A site with fewer than five people is outside; answered under five shows no score.",
        "attrition_flag is a note.",
        "The mental-health policy has no column: it is attested, and the result says that it was not read.",
        "Where the pooled grievances miss the limit, the newest row of every site is the finding.",
        "No score is shown at all: a score of a group of five may still tell who answered how.",
    ],
    typical_exception="Hotline goes to the operations manager.",
)
@reads(
    pulse="survey_on site invited answered score grievance_opened grievance_closed_30d channel",
    roster="employee_id site hire_date termination_date",
)
@reads.optional(roster="status")
def test_staff_can_speak_and_are_heard(pulse: Table, roster: Table, params: Any, as_of: AsOf) -> None:
    """An anonymous pulse reaches every site in the period, grievances are closed in time, and a mental-health policy is
    in force.
    """
    active = roster.where(col("status") == "active")
    sites = group(active, "site", people=count()).where(col("people") >= FEWEST)
    assert_every(sites.without(pulse, "site"), "there", because="no pulse of site {site}")
    heard = beside(pulse, "site", newest=latest(col("survey_on"))).where(col("survey_on") == col("newest"))
    heard = heard.match(group(active, "site", people=count()), "site", "here")
    heard = heard.where(col("here") & (col("here_people") >= FEWEST))
    recent = col("survey_on") + days(params.pulse_every) >= as_of.date
    assert_every(heard, recent, because="last pulse on {survey_on}")
    answered = times(col("answered"), 100) >= times(col("invited"), params.response_min)
    assert_every(heard, answered, because="too few answered")
    assert_grievances_close(heard, pulse, params, as_of)
    note_attrition(roster, params, as_of)
    note_every(heard, "that a mental-health policy is in force at {site} was not read")


def assert_grievances_close(heard: Table, pulse: Table, params: Any, as_of: AsOf) -> None:
    """Of all grievances of a year enough were closed within 30 days."""
    year = pulse.where((col("survey_on") >= as_of.date - timedelta(days=365)) & (col("survey_on") <= as_of.date))
    told = beside_all(
        heard, year, "year", opened=total(col("grievance_opened")), closed=total(col("grievance_closed_30d"))
    )
    enough = times(col("year_closed"), 100) >= times(col("year_opened"), params.closed_30d_min)
    assert_every(told, ~col("year") | enough, because="too few grievances closed within 30 days")
    note_every(told.where(col("year") & (col("year_opened") <= 0)), "no grievance was opened in a year")


def note_attrition(roster: Table, params: Any, as_of: AsOf) -> None:
    """Note each site, of five people or more, that loses people faster than the flag."""
    gone = col("termination_date") >= as_of.date - timedelta(days=365)
    told = roster.with_columns(left=when(gone, 1, 0), stays=when(col("status") == "terminated", 0, 1))
    sites = group(told, "site", left=total(col("left")), stay=total(col("stays")), people=count())
    sites = sites.where(col("people") >= FEWEST)
    fast = times(col("left"), 100) > times(col("stay"), params.attrition_flag)
    note_every(sites.where(fast), "more than a usual share of site {site} left within a year")
