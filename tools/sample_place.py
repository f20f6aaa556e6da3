"""Where a sample's vendor works: all that differs between the Philippines and India, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Final

START: Final = date(2026, 10, 1)
END: Final = date(2026, 11, 1)
"""The audit period, anywhere: from START to just before END, by the clocks of the place."""


@dataclass(frozen=True, slots=True)
class Site:
    """A building: where it stands, and the documentation network that its desks are in."""

    name: str
    city: str
    state: str
    network: str


@dataclass(frozen=True, slots=True)
class Pay:
    """Wages, by the law of the place; `cutoffs` are pay periods: first day, last day, payday.

    `slack` is how many minutes people come early or stay late: more of them in a month would add up to unpaid work.
    """

    cutoffs: tuple[tuple[date, date, date], ...]
    hours: int
    slack: int
    cents_an_hour: int
    overtime: Decimal
    rest_day: Decimal
    at_night: bool
    deductions: str
    withheld: int
    short_meal: int
    schemes: tuple[tuple[str, int, int], ...]
    final_days: int
    holiday: tuple[date, str, str]

    @property
    def banked(self) -> tuple[date, ...]:
        """The paydays that were over when the bank's list was made."""
        return tuple(payday for *_, payday in self.cutoffs if payday < END)

    @property
    def covered(self) -> tuple[date, date, date]:
        """The pay period that the attendance report covers wholly."""
        return self.cutoffs[-1]


@dataclass(frozen=True, slots=True)
class Place:
    """A country with the vendor that was invented for it; the first names of women and men stand there in turn."""

    country: str
    zone: timezone
    zone_name: str
    people: str
    vendor: str
    domain: str
    tag: str
    first_names: str
    last_names: str
    sites: tuple[Site, Site]
    languages: tuple[str, str]
    checks: tuple[str, ...]
    criminal_check: str
    national_id: str
    partners: tuple[str, str, str]
    regulator: str
    notice_hours: int
    pay: Pay

    def at(self, day: date, minutes: int, seconds: int = 0) -> datetime:
        """The instant `minutes` (may exceed a day) after the midnight that begins `day` there."""
        return datetime.combine(day, time(), self.zone) + timedelta(minutes=minutes, seconds=seconds)

    @property
    def offset(self) -> str:
        """The distance from UTC as ISO 8601 writes it."""
        return self.at(START, 0).isoformat()[-6:]

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in the audit period."""
        return self.at(START, 0) <= moment < self.at(END, 0)

    def site(self, name: str) -> Site:
        """The site of that name."""
        return next(site for site in self.sites if site.name == name)


PHILIPPINES: Final = Place(
    country="PH",
    zone=timezone(timedelta(hours=8)),
    zone_name="Asia/Manila",
    people="Philippine",
    vendor="Mabuhay Contact Services, Inc.",
    domain="mabuhay.example",
    tag="MCS",
    first_names=(
        "Alma Andres Bea Benjie Carina Carlo Dalisay Danilo Elena Efren Fely Felix Gina Gilbert Hazel "
        "Hector Ines Isko Jasmin Jomar Karina Kiko Ligaya Lito Marites Marlon Nenita Nestor Olivia Oscar "
        "Perla Pepito Queenie Quirino Rowena Ramil Sheila Sonny Tala Teodoro"
    ),
    last_names=(
        "Abella Abrigo Balane Bautista Cabrera Catapang Dacanay Dimaculangan Estrella Evardone "
        "Fajardo Fabella Galang Gatchalian Hizon Halili Ignacio Imperial Javellana Jalandoni "
        "Katigbak Kalaw Labrador Lumibao Macaraeg Manalang Narciso Natividad Ocampo Ordonez "
        "Panganiban Pineda Quiambao Quizon Robles Rivera Salonga Tolentino Umali Villareal"
    ),
    sites=(
        Site("MNL1", "Makati, Metro Manila, PH", "NCR", "203.0.113"),
        Site("CEB1", "Cebu City, Cebu, PH", "Central Visayas", "198.51.100"),
    ),
    languages=("fil", "hi"),
    checks=("identity", "nbi", "employment", "education"),
    criminal_check="nbi",
    national_id="philsys",
    partners=("Bayani Staffing Example, Inc.", "Habagat Hosting Example", "Amihan Courier Example"),
    regulator="NPC",
    notice_hours=40,
    pay=Pay(
        cutoffs=(
            (date(2026, 8, 26), date(2026, 9, 10), date(2026, 9, 15)),
            (date(2026, 9, 11), date(2026, 9, 25), date(2026, 9, 30)),
            (date(2026, 9, 26), date(2026, 10, 10), date(2026, 10, 15)),
            (date(2026, 10, 11), date(2026, 10, 25), date(2026, 10, 30)),
        ),
        hours=80,
        slack=6,
        cents_an_hour=9_000,
        overtime=Decimal("1.25"),
        rest_day=Decimal("1.3"),
        at_night=True,
        deductions="sss;philhealth;pagibig;tax",
        withheld=11,
        short_meal=50,
        schemes=(("sss", 1_440, 31), ("philhealth", 900, 15), ("pagibig", 400, 15)),
        final_days=20,
        holiday=(date(2026, 11, 1), "special_day", "All Saints"),
    ),
)

INDIA: Final = Place(
    country="IN",
    zone=timezone(timedelta(hours=5, minutes=30)),
    zone_name="Asia/Kolkata",
    people="Indian",
    vendor="Sahyadri Contact Services Pvt. Ltd.",
    domain="sahyadri.example",
    tag="SCS",
    first_names=(
        "Aditi Aakash Bhavna Bharat Chitra Chirag Deepa Dinesh Esha Eknath Farida Firoz Gauri Girish Hema "
        "Harish Indira Imran Jyoti Jatin Kavita Kiran Lata Lokesh Meera Manoj Nandini Naveen Ojasvi Omkar "
        "Pooja Prakash Qamar Qasim Rekha Rajat Sunita Suresh Tara Tarun"
    ),
    last_names=(
        "Agarwal Anand Bhosale Banerjee Chavan Chopra Deshmukh Dutta Edwin Easwaran "
        "Fernandes Faruqi Gokhale Gowda Hegde Hussain Iyer Iyengar Joshi Jadhav "
        "Kulkarni Kamath Lokhande Lal Mehta Menon Nair Narayan Oak Ojha "
        "Patil Pillai Qureshi Qadri Rao Reddy Shetty Tiwari Upadhyay Verma"
    ),
    sites=(
        Site("PUN1", "Pune, Maharashtra, IN", "MH", "203.0.113"),
        Site("BLR1", "Bengaluru, Karnataka, IN", "KA", "198.51.100"),
    ),
    languages=("hi", "fil"),
    checks=("identity", "court_record", "employment", "education", "address"),
    criminal_check="court_record",
    national_id="aadhaar",
    partners=("Sahayak Staffing Example Pvt. Ltd.", "Monsoon Hosting Example", "Doot Courier Example"),
    regulator="CERT-In",
    notice_hours=4,
    pay=Pay(
        cutoffs=(
            (date(2026, 8, 1), date(2026, 8, 31), date(2026, 9, 7)),
            (date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 7)),
            (date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 6)),
        ),
        hours=176,
        slack=3,
        cents_an_hour=5_900,
        overtime=Decimal(2),
        rest_day=Decimal(2),
        at_night=False,
        deductions="epf;esi;tax",
        withheld=13,
        short_meal=0,
        schemes=(("epf", 3_600, 15), ("esi", 600, 15)),
        final_days=2,
        holiday=(date(2026, 10, 2), "regular_holiday", "Gandhi Jayanti"),
    ),
)
PLACES: Final = {place.country: place for place in (PHILIPPINES, INDIA)}
