# SPDX-License-Identifier: Apache-2.0
"""Reads what the shipped deck charges out of the three files that an admin edits: terms.csv, zones.csv and services.csv."""

import csv
import pathlib
from decimal import Decimal

FOLDER = pathlib.Path(__file__).resolve().parent
GLOBAL = "global"  # in the place of a price: the global rate


def read(name):
    with open(FOLDER / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TERMS = {row["term"]: row["value"] for row in read("terms.csv")}
GLOBAL_RATE = TERMS["global_rate"]


def price(text):
    """The decimal text of a cell; complains about what is no price."""
    text = GLOBAL_RATE if text == GLOBAL else text
    amount = Decimal(text)
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"'{text}' is not a price")
    return text


def connection_fee(price_per_minute):
    zone = "global" if Decimal(price_per_minute) == Decimal(GLOBAL_RATE) else "elsewhere"
    return TERMS["connection_fee_" + zone]


# Region → (landline, mobile) as decimal texts.
COUNTRIES = {row["region"]: (price(row["landline"]), price(row["mobile"])) for row in read("zones.csv")}

_SERVICES = read("services.csv")
# Kinds of numbers that every country has; what the default dial policy shuts has a price all the same.
SPECIAL = {row["kind"]: price(row["price"]) for row in _SERVICES if not row["prefix"]}
SPECIAL_NAMES = {"mobile": "Mobile"} | {row["kind"]: row["destination"] for row in _SERVICES if not row["prefix"]}
# Prefixes with a price of their own: (prefix, destination, price).
CITIES = [(row["prefix"], row["destination"], price(row["price"])) for row in _SERVICES if row["kind"] == "city"]
WORLD = [(row["prefix"], row["destination"], price(row["price"])) for row in _SERVICES if row["kind"] in ("world", "satellite")]
