#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes default.csv: every country by its real prefixes, landlines, mobiles and dear services told apart.

Prefixes come from libphonenumber's number patterns (Apache-2.0, Debian's python3-phonenumbers), prices from the CSV files beside
this one. The patterns of
a country code become one automaton; walking it digit by digit, a prefix is written where what can follow needs another rate than
the prefix above it, with as few rows as possible. At the depth limit the dearest class that can follow is taken.

    /usr/bin/python3 billing/deck/make_default_deck.py           writes default.csv
    /usr/bin/python3 billing/deck/make_default_deck.py --check   compares it with what would be written, and rates many numbers of every kind
"""
import csv
import functools
import io
import pathlib
import random
import sys
from decimal import Decimal

try:
    from re import _parser as sre_parse  # Python 3.11
except ImportError:
    import sre_parse

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS_OF_CODE

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "pstn/number"))
sys.dont_write_bytecode = True
import prices  # noqa: E402
from make_plan_data import RANGES, region_name  # noqa: E402

DECK = pathlib.Path(__file__).resolve().parent / "default.csv"
DEPTH = 6  # digits after the country code
LANDLINE_LIKE = {"fixed_line", "toll_free", "voip", "uan", "voicemail"}


class Automaton:
    """A pattern as a set-of-positions automaton over digits. State: a frozenset; empty: nothing can follow."""

    def __init__(self, pattern, sticky=False):
        self.edges, self.empty_edges, self.sticky = [], [], sticky
        start, self.end = self.node(), self.node()
        self.add(sre_parse.parse(pattern), start, self.end)
        self.start = self.closure({start})

    def node(self):
        self.edges.append([])
        self.empty_edges.append([])
        return len(self.edges) - 1

    def add(self, parts, start, end):
        for name, value in parts:
            following = self.node()
            self.add_one(str(name), value, start, following)
            start = following
        self.empty_edges[start].append(end)

    def add_one(self, name, value, start, end):
        if name == "LITERAL":
            self.edges[start].append((chr(value), end))
        elif name == "IN":
            for kind, content in value:
                low, high = {"LITERAL": lambda c: (c, c), "RANGE": lambda c: c, "CATEGORY": lambda c: (48, 57)}[str(kind)](content)
                self.edges[start].extend((chr(digit), end) for digit in range(low, high + 1))
        elif name == "BRANCH":
            for alternative in value[1]:
                self.add(alternative, start, end)
        elif name == "SUBPATTERN":
            self.add(value[-1], start, end)
        elif name == "MAX_REPEAT":
            least, most, part = value
            for count in range(most):
                if count >= least:
                    self.empty_edges[start].append(end)
                following = self.node()
                self.add(part, start, following)
                start = following
            self.empty_edges[start].append(end)
        else:
            raise ValueError(name)

    def closure(self, nodes):
        seen, ahead = set(nodes), list(nodes)
        while ahead:
            for following in self.empty_edges[ahead.pop()]:
                if following not in seen:
                    seen.add(following)
                    ahead.append(following)
        return frozenset(seen)

    @functools.lru_cache(maxsize=None)
    def step(self, state, digit):
        if self.sticky and self.end in state:
            return state
        return self.closure({end for node in state for label, end in self.edges[node] if label == digit})


def kind_of(region, types):
    """Our rate class of a number of that region, by libphonenumber's order of types."""
    if not types:
        return None
    first = types[0]
    if first == "fixed_line":
        return "landline" if "mobile" not in types or PhoneMetadata.metadata_for_region(region).same_mobile_and_fixed_line_pattern else "mobile"
    return "landline" if first in LANDLINE_LIKE else first


class CountryCode:
    """All regions of a country code, walked together. State: one automaton state per pattern."""

    def __init__(self, code):
        self.regions = []  # (region, automaton of leading digits, general, [(type, lengths, automaton)])
        self.automatons = []
        for region in REGIONS_OF_CODE[code]:
            data = PhoneMetadata.metadata_for_region(region)
            lead = self.own(Automaton(data.leading_digits, sticky=True)) if data.leading_digits else None
            general = self.own(Automaton(data.general_desc.national_number_pattern))
            ranges = []
            for name, attribute in RANGES:
                description = getattr(data, attribute)
                if description and description.national_number_pattern:
                    lengths = set(description.possible_length or data.general_desc.possible_length)
                    ranges.append((name, lengths, self.own(Automaton(description.national_number_pattern))))
            self.regions.append((region, lead, general, ranges))
        self.start = tuple(automaton.start for automaton in self.automatons)
        self.alone = len(self.regions) == 1
        self.classes = functools.lru_cache(maxsize=None)(self.classes)
        self.rows_needed = functools.lru_cache(maxsize=None)(self.rows_needed)

    def own(self, automaton):
        self.automatons.append(automaton)
        return len(self.automatons) - 1

    def step(self, state, digit):
        return tuple(automaton.step(part, digit) if part else part for automaton, part in zip(self.automatons, state))

    def accepts(self, state, index):
        return self.automatons[index].end in state[index]

    def class_here(self, state, length):
        """(region, kind) of the number that ends here, or None."""
        for region, lead, general, ranges in self.regions:
            if lead is not None and not self.alone and not self.accepts(state, lead):
                continue
            types = [name for name, lengths, index in ranges if length in lengths and self.accepts(state, index)]
            kind = kind_of(region, types) if self.accepts(state, general) else None
            if kind:
                return region, kind
        return None

    def classes(self, state, length):
        """What can follow: class → share of the number space."""
        found = {}
        here = self.class_here(state, length)
        if here:
            found[here] = 1.0
        if length < 15 and any(state[general] for _, _, general, _ in self.regions):
            for digit in "0123456789":
                for key, share in self.classes(self.step(state, digit), length + 1).items():
                    found[key] = found.get(key, 0) + share / 10
        return found

    def settled(self, state, length):
        """The one class of all that follows; at the depth limit the dearest; None where it takes a closer look."""
        found = self.classes(state, length)
        if len(found) == 1:
            return next(iter(found))
        if length < DEPTH:
            return None
        return max(found, key=lambda key: (Decimal(price_of(key)), found[key]))

    def rows_needed(self, state, length, inherited):
        """(count, class chosen here) of the fewest rows for what follows, below a prefix of class `inherited`."""
        if not self.classes(state, length):
            return 0, inherited
        only = self.settled(state, length)
        if only:
            return int(only != inherited), only
        best = None
        for chosen in [inherited] + sorted(set(self.classes(state, length)) - {inherited}):
            count = int(chosen != inherited)
            count += sum(self.rows_needed(self.step(state, digit), length + 1, chosen)[0] for digit in "0123456789")
            if best is None or count < best[0]:
                best = count, chosen
        return best

    def rows(self, prefix, state, length, inherited):
        count, chosen = self.rows_needed(state, length, inherited)
        if count == 0:
            return
        if chosen != inherited:
            yield prefix, chosen
        if not self.settled(state, length):
            for digit in "0123456789":
                yield from self.rows(prefix + digit, self.step(state, digit), length + 1, chosen)


def price_of(key):
    region, kind = key
    return prices.SPECIAL.get(kind) or prices.COUNTRIES[region][kind == "mobile"]


def destination_of(key):
    region, kind = key
    return region_name(0, region) + (f" - {prices.SPECIAL_NAMES[kind]}" if kind != "landline" else "")


def deck_rows():
    rows = {}
    for code, regions in REGIONS_OF_CODE.items():
        if regions[0] == "001":
            continue
        country = CountryCode(code)
        whole = (regions[0], "landline")  # the country code alone, for numbers in no listed range
        rows[str(code)] = (destination_of(whole), price_of(whole))
        for prefix, key in country.rows(str(code), country.start, 0, whole):
            rows[prefix] = (destination_of(key), price_of(key))
    for prefix, destination, price in prices.CITIES + prices.WORLD:
        rows[prefix] = (destination, price)
    return rows


def deck_text():
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow("prefix destination price_per_minute connection_fee initial_increment_s next_increment_s free_start_s included_s "
                    "effective_from effective_until".split())
    for prefix, (destination, price) in sorted(deck_rows().items()):
        writer.writerow([prefix, destination, price, prices.connection_fee(price)] +
                        [prices.TERMS[term] for term in ("initial_increment_s", "next_increment_s", "free_start_s", "included_s")] + ["", ""])
    return out.getvalue()


# libphonenumber's types as our classes; the others are landlines.
CLASSES = {PhoneNumberType.MOBILE: "mobile", PhoneNumberType.PREMIUM_RATE: "premium_rate", PhoneNumberType.SHARED_COST: "shared_cost",
           PhoneNumberType.PERSONAL_NUMBER: "personal", PhoneNumberType.PAGER: "pager"}


def random_numbers(count, seed=1):
    """Valid numbers: the example of every type of every region, then the same with some digits changed."""
    chance = random.Random(seed)
    bases = []
    for code, regions in sorted(REGIONS_OF_CODE.items()):
        for region in (name for name in regions if name != "001"):
            data = PhoneMetadata.metadata_for_region(region)
            bases += [f"+{code}{description.example_number}" for _, attribute in RANGES
                      if (description := getattr(data, attribute)) and description.example_number]
    for index in range(len(bases) + count):
        digits = list(bases[index % len(bases)])
        for _ in range(chance.choice((1, 2, 3, 8)) if index >= len(bases) else 0):
            digits[chance.randrange(len(digits) // 2, len(digits))] = str(chance.randrange(10))
        number = phonenumbers.parse("".join(digits))
        if phonenumbers.is_valid_number(number) and phonenumbers.region_code_for_number(number) != "001":
            yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:], number


def misrated(text, count):
    """(how many were tried, [(digits, what it is, what the deck says, whether it is sold below that)])"""
    deck = {row["prefix"]: (row["destination"], Decimal(row["price_per_minute"])) for row in csv.DictReader(io.StringIO(text))}
    named = {destination for _, destination, _ in prices.CITIES + prices.WORLD}  # beside the classes
    tried, wrong = 0, []
    for tried, (digits, number) in enumerate(random_numbers(count), 1):
        found, price = next(deck[digits[:size]] for size in range(len(digits), 0, -1) if digits[:size] in deck)
        region, kind = phonenumbers.region_code_for_number(number), phonenumbers.number_type(number)
        keys = [(region, CLASSES.get(kind, "landline"))]
        if kind == PhoneNumberType.FIXED_LINE_OR_MOBILE:
            keys.append((region, "mobile"))
        if found not in named | {destination_of(key) for key in keys}:
            wrong.append((digits, destination_of(keys[0]), found, price < min(Decimal(price_of(key)) for key in keys)))
    return tried, wrong


def main():
    text = deck_text()
    if "--check" not in sys.argv:
        DECK.write_text(text, encoding="utf-8")
    tried, wrong = misrated(text, 3_000)
    below = [one for one in wrong if one[-1]]
    for digits, want, found, _ in below:
        print(f"+{digits} is {want}, the deck says {found}, which is cheaper")
    changed = DECK.read_text(encoding="utf-8") != text
    if changed:
        print("default.csv is not what make_default_deck.py makes")
    print(f"{text.count(chr(10)) - 1} rates; of {tried} numbers {len(wrong)} are rated as a dearer class, which {DEPTH} digits cannot tell apart")
    return 1 if changed or below or len(wrong) > tried / 100 else 0


if __name__ == "__main__":
    sys.exit(main())
