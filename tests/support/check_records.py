# SPDX-License-Identifier: Apache-2.0
"""check_records.py SCHEMA RECORDS... - each line is valid, and each of some changes to it is not."""
import copy
import json
import sys

import jsonschema

with open(sys.argv[1], encoding='utf-8') as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def places(value, path=()):
    """The places of all values that the schema describes."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ('settings', 'from'):
                yield from places(inner, path + (key,))
    elif isinstance(value, list) and value:
        yield from places(value[0], path + (0,))


def replaced(record, path, value):
    changed = copy.deepcopy(record)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


lines = refused = 0
known = {key for part in schema['$defs'].values() for key in part.get('properties', ())}
for name in sys.argv[2:]:
    with open(name, encoding='utf-8') as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            for error in validator.iter_errors(record):
                sys.exit(f'{name}:{number}: {error.json_path}: {error.message}')
            lines += 1
            if number > 3:
                continue
            for path in places(record):
                if path and all(key in known for key in path if isinstance(key, str)):
                    if validator.is_valid(replaced(record, path, {'no': 'such value'})):
                        if path[-1] not in ('settings', 'seconds'):
                            sys.exit(f'{name}:{number}: {path} may be anything')
                    refused += 1
assert lines and refused
print(f'{lines} lines are valid, {refused} changes are not')
