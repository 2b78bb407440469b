"""The little of pprof (proto/profile.proto of github.com/google/pprof) that shares need: stacks of names with a value.

Reads what our profiler and Go's runtime/pprof write, gzip or plain. A file that is cut off raises ValueError.
"""

import gzip


def _varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("the profile is cut off or broken")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(field number, int or bytes) of one message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
        elif kind in (1, 2, 5):
            size, at = (8, at) if kind == 1 else (4, at) if kind == 5 else _varint(data, at)
            if at + size > len(data):
                raise ValueError("the profile is cut off or broken")
            value, at = data[at : at + size], at + size
        else:
            raise ValueError("the profile is cut off or broken")
        yield key >> 3, value


def _numbers(value):
    """A repeated number: packed, or one of several fields."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(number)
    return found


def stacks(data):
    """[(names from the leaf to the root, value of the last sample type)]: CPU nanoseconds in CPU profiles."""
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    strings, functions, locations, samples = [], {}, {}, []
    for field, value in fields(data):
        if field == 6:
            strings.append(value.decode("utf-8", "replace"))
        elif field == 5:
            parts = dict(fields(value))
            functions[parts.get(1, 0)] = parts.get(2, 0)
        elif field == 4:
            lines = [dict(fields(line)) for number, line in fields(value) if number == 4]
            locations[dict(fields(value)).get(1, 0)] = [line.get(1, 0) for line in lines]
        elif field == 2:
            samples.append(value)
    found = []
    for sample in samples:
        ids, values = [], []
        for field, value in fields(sample):
            if field == 1:
                ids += _numbers(value)
            elif field == 2:
                values += _numbers(value)
        numbers = [functions.get(f, 0) for i in ids for f in locations.get(i, [])]
        if any(number >= len(strings) for number in numbers):
            raise ValueError("the profile is cut off or broken")
        names = [strings[number] for number in numbers]
        found.append((names, values[-1] if values else 0))
    return found


def _is_in(word, name):
    return word in name if isinstance(word, str) else word.search(name) is not None


def shares(found, rules):
    """Percent of the whole for each rule, in their order, and "other".

    A rule is (name, words), a word a text or a compiled pattern. The first rule that has a word in a function's name
    wins, asked from the leaf on, so that time counts where it is spent.
    """
    sums = dict.fromkeys([name for name, _ in rules] + ["other"], 0)
    for names, value in found:
        hit = next(
            (rule for name in names for rule, words in rules if any(_is_in(word, name) for word in words)), "other"
        )
        sums[hit] += value
    whole = sum(sums.values())
    if not whole:
        raise ValueError("the profile has no samples")
    return {name: 100 * value / whole for name, value in sums.items()}
