# SPDX-License-Identifier: Apache-2.0
"""What the far end itself knows of the calls that it answered: read from the message log of a sipp (-trace_msg)."""

import dataclasses
import datetime
import re

MESSAGE = re.compile(r"^-{40,} (\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d\.\d{6}).*\n(?:UDP|TCP) message (received|sent)", re.MULTILINE)


@dataclasses.dataclass
class AnsweredCall:
    number: str  # that was called, E.164
    answered: datetime.datetime  # the caller's ACK of our 200 has come
    ended: datetime.datetime | None = None  # its BYE has come; None: never

    def talk_s(self):
        """Of a call that has ended."""
        return (self.ended - self.answered).total_seconds()


def answered_calls(log):
    """The calls of one sipp, by their number; a number that was called twice is an error."""
    numbers, calls = {}, {}
    pieces = MESSAGE.split(log)
    for moment, direction, text in zip(pieces[1::3], pieces[2::3], pieces[3::3]):
        call = re.search(r"^Call-ID: *(\S+)", text, re.MULTILINE)
        if direction != "received" or not call:
            continue
        call, at = call[1], datetime.datetime.fromisoformat(moment.replace("\t", " "))
        invite = re.search(r"^INVITE sip:(\+\d+)@", text, re.MULTILINE)
        if invite:
            numbers[call] = invite[1]
        elif re.search(r"^ACK sip:", text, re.MULTILINE) and call not in calls:
            calls[call] = AnsweredCall(numbers[call], at)
        elif re.search(r"^BYE sip:", text, re.MULTILINE) and call in calls and not calls[call].ended:
            calls[call].ended = at
    by_number = {call.number: call for call in calls.values()}
    if len(by_number) != len(calls):
        raise AssertionError("the far end answered one number twice")
    return by_number
