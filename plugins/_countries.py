"""Countries as products name them in English, as ISO 3166-1 alpha-2; those where agents and clients mostly are."""

from __future__ import annotations

from typing import Final

BY_NAME: Final[dict[str, str | None]] = {
    "Philippines": "PH",
    "India": "IN",
    "United States": "US",
    "Singapore": "SG",
    "Malaysia": "MY",
    "Australia": "AU",
    "Canada": "CA",
    "United Kingdom": "GB",
    "Ireland": "IE",
    "Germany": "DE",
    "Netherlands": "NL",
    "Poland": "PL",
    "Mexico": "MX",
    "Colombia": "CO",
    "South Africa": "ZA",
    "Egypt": "EG",
    "Russia": "RU",
    "China": "CN",
    "Hong Kong": "HK",
    "Japan": "JP",
    "Vietnam": "VN",
    "Indonesia": "ID",
    "Thailand": "TH",
    "Nigeria": "NG",
    "United Arab Emirates": "AE",
}
