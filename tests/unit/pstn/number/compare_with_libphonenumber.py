#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads many made-up numbers with our code (argument: read_numbers) and with python3-phonenumbers, and compares the two.

Example numbers of every region and type with digits changed, in international and national form, from the home region and from
others. One difference is meant: satellite telephones are a type of ours.
"""
import random
import subprocess
import sys

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat
from phonenumbers.data import _COUNTRY_CODE_TO_REGION_CODE as REGIONS_OF_CODE

TYPES = {value: name.lower() for name, value in vars(phonenumbers.PhoneNumberType).items() if isinstance(value, int)}
TYPES[phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE] = "fixed_or_mobile"
TYPES[phonenumbers.PhoneNumberType.PERSONAL_NUMBER] = "personal"
ATTRIBUTES = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan", "voicemail")
SATELLITE = ("+870", "+881", "+88213", "+88216", "+61147")


def made_up(seed, count):
    chance = random.Random(seed)
    seeds = []
    for code, regions in sorted(REGIONS_OF_CODE.items()):
        for region in regions:
            data = (PhoneMetadata.metadata_for_nongeo_region(code) if region == "001" else PhoneMetadata.metadata_for_region(region))
            for attribute in ATTRIBUTES:
                description = getattr(data, attribute)
                if description and description.example_number:
                    seeds.append((code, region, description.example_number))
    for index in range(count):
        code, region, national = seeds[index % len(seeds)]
        digits = list(national)
        for _ in range(chance.choice((0, 1, 2, 3, 8))):
            digits[chance.randrange(len(digits))] = str(chance.randrange(10))
        if chance.random() < 0.1:
            digits.append(str(chance.randrange(10)))
        national = "".join(digits)
        if region == "001" or chance.random() < 0.4:
            yield chance.choice(("GB", "US", "DE", "ZZ")), f"+{code}{national}"
        elif chance.random() < 0.5:
            yield region, national
        else:
            number = phonenumbers.PhoneNumber(country_code=code, national_number=int(national),
                                              italian_leading_zero=national.startswith("0") or None,
                                              number_of_leading_zeros=(len(national) - len(national.lstrip("0"))) or None)
            yield region, phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


def expected(region, text):
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "invalid"
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(number) or len(e164) > 16:
        return "invalid"
    kind = "satellite" if e164.startswith(SATELLITE) else TYPES[phonenumbers.number_type(number)]
    return f"{e164} {phonenumbers.region_code_for_number(number)} {kind}"


def main():
    # Letters and extensions are not for dialling here; the tilde is a pause in some national forms.
    cases = [(region, text) for region, text in made_up(20240229, 40000)
             if not any(character.isalpha() or character in ";~*#" for character in text)]
    ours = subprocess.run([sys.argv[1]], input="".join(f"{region}\t{text}\n" for region, text in cases), text=True,
                          capture_output=True, check=True).stdout.splitlines()
    wrong = []
    for (region, text), got in zip(cases, ours):
        want = expected(region, text)
        if got != want and not (want == "invalid" and got.startswith("invalid ")):
            wrong.append(f"{region} {text!r}: {got}, libphonenumber says {want}")
    print(f"{len(cases)} numbers, {sum(not line.startswith('invalid') for line in ours)} valid, {len(wrong)} differ")
    print("\n".join(wrong[:40]))
    return 1 if wrong or len(ours) != len(cases) else 0


if __name__ == "__main__":
    sys.exit(main())
