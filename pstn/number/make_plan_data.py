#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes plan_data.inc (numbering plans) and tests/unit/pstn/number/example_numbers.inc from Debian's python3-phonenumbers.

The metadata is libphonenumber's (Google and contributors, Apache-2.0). Run it again when the package is newer:
    /usr/bin/python3 pstn/number/make_plan_data.py
"""
import pathlib
import textwrap

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS_OF_CODE
from phonenumbers.geodata.locale import LOCALE_DATA

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Our type name and libphonenumber's description of it, in the order in which libphonenumber asks.
RANGES = [("premium_rate", "premium_rate"), ("toll_free", "toll_free"), ("shared_cost", "shared_cost"), ("voip", "voip"),
          ("personal", "personal_number"), ("pager", "pager"), ("uan", "uan"), ("voicemail", "voicemail"),
          ("fixed_line", "fixed_line"), ("mobile", "mobile")]

WORLD_NAMES = {800: "International freephone", 808: "International shared cost", 870: "Inmarsat", 878: "Universal personal numbers",
               881: "Global mobile satellite systems", 882: "International networks", 883: "International networks",
               888: "Disaster relief", 979: "International premium rate"}


# Regions that the locale data does not name, or names as nobody does any more.
REGION_NAMES = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo", "BQ": "Caribbean Netherlands", "CW": "Curaçao",
                "SX": "Sint Maarten", "SS": "South Sudan", "CD": "DR Congo", "MK": "North Macedonia", "SZ": "Eswatini",
                "IO": "Diego Garcia", "RE": "Réunion", "ST": "São Tomé and Príncipe"}


def region_name(code, region):
    if region == "001":
        return WORLD_NAMES[code]
    name = REGION_NAMES.get(region) or LOCALE_DATA[region]["en"]
    if name.startswith("*"):
        name = LOCALE_DATA[region][name[1:]]
    return name.replace(" And ", " and ").replace(" Of ", " of ").replace(" The ", " the ")


def literal(text):
    """A raw string literal, in pieces of a readable length."""
    if not text:
        return '""'
    pieces = textwrap.wrap(text, 100, break_long_words=True, break_on_hyphens=False) or [text]
    assert "".join(pieces) == text
    return "\n     ".join(f'R"({piece})"' for piece in pieces)


def mask(lengths):
    value = 0
    for length in lengths:
        value |= 1 << length
    return f"0x{value:x}"


def metadata(code, region):
    return PhoneMetadata.metadata_for_nongeo_region(code) if region == "001" else PhoneMetadata.metadata_for_region(region)


def pattern_of(description):
    return description.national_number_pattern if description and description.national_number_pattern else None


def short_patterns(region):
    data = PhoneMetadata.short_metadata_for_region(region)
    if not data:
        return "", ""
    return pattern_of(data.emergency) or "", pattern_of(data.short_code) or ""


def region_rows():
    for code in sorted(REGIONS_OF_CODE):
        for position, region in enumerate(REGIONS_OF_CODE[code]):
            yield code, region, position == 0, metadata(code, region)


def write_plan(out):
    out.write("// SPDX-License-Identifier: Apache-2.0\n// Made by make_plan_data.py: do not edit. Source: libphonenumber's metadata "
              f"(Apache-2.0), by python3-phonenumbers {phonenumbers.__version__}.\n// clang-format off\n\n")
    for code, region, _, data in region_rows():
        out.write(f"constexpr type_range ranges_{region}_{code}[] = {{\n")
        out.write(f"    {{number_type::unknown, {mask(data.general_desc.possible_length)},\n"
                  f"     {literal(pattern_of(data.general_desc))}}},\n")
        for name, attribute in RANGES:
            description = getattr(data, attribute)
            pattern = pattern_of(description)
            if pattern:
                lengths = description.possible_length or data.general_desc.possible_length
                out.write(f"    {{number_type::{name}, {mask(lengths)},\n     {literal(pattern)}}},\n")
        out.write("};\n")
    out.write("\nconstexpr region_plan region_plans[] = {\n")
    for code, region, main, data in region_rows():
        name = region_name(code, region)
        emergency, short_code = short_patterns(region)
        dialled = data.preferred_international_prefix or data.international_prefix or ""
        dialled = dialled.replace("~", "") if dialled.replace("~", "").isdigit() else "00"
        transform = (data.national_prefix_transform_rule or "")
        same = data.same_mobile_and_fixed_line_pattern
        out.write(f'    {{"{region}", "{name}", {code}, {"true" if main else "false"}, {"true" if same else "false"}, '
                  f"ranges_{region}_{code},\n"
                  f'     "{dialled if region != "001" else ""}", "{data.national_prefix or ""}",\n')
        for text in (data.international_prefix, data.national_prefix_for_parsing, transform, data.leading_digits, emergency, short_code):
            out.write(f"     {literal(text)},\n")
        out.write("    },\n")
    out.write("};\n")


def write_examples(out):
    out.write("// SPDX-License-Identifier: Apache-2.0\n// Made by pstn/number/make_plan_data.py: do not edit. libphonenumber's example of "
              "every type of every region,\n// with what python3-phonenumbers says of it.\n// clang-format off\n")
    names = {value: key.lower() for key, value in vars(phonenumbers.PhoneNumberType).items() if isinstance(value, int)}
    names.update({phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
                  phonenumbers.PhoneNumberType.PERSONAL_NUMBER: "personal"})
    for code, region, _, data in region_rows():
        for _, attribute in RANGES:
            description = getattr(data, attribute)
            if not pattern_of(description) or not description.example_number:
                continue
            number = phonenumbers.parse(f"+{code}{description.example_number}")
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            valid = phonenumbers.is_valid_number(number)
            kind = names[phonenumbers.number_type(number)] if valid else "unknown"
            where = phonenumbers.region_code_for_number(number) if valid else ""
            out.write(f'{{"{e164}", "{where}", number_type::{kind}}},\n')


if __name__ == "__main__":
    with open(ROOT / "pstn/number/plan_data.inc", "w", encoding="utf-8") as file:
        write_plan(file)
    examples = ROOT / "tests/unit/pstn/number/example_numbers.inc"
    examples.parent.mkdir(parents=True, exist_ok=True)
    with open(examples, "w", encoding="utf-8") as file:
        write_examples(file)
