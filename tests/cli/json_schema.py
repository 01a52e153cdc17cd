"""Of JSON Schema 2020-12 what quartic's schema of a config says, so that the tests need no package for it."""

TYPES = {
    "object": lambda x: isinstance(x, dict),
    "array": lambda x: isinstance(x, list),
    "string": lambda x: isinstance(x, str),
    "boolean": lambda x: isinstance(x, bool),
    "integer": lambda x: isinstance(x, int) and not isinstance(x, bool),
    "number": lambda x: isinstance(x, int | float) and not isinstance(x, bool),
}
NUMBERS = {
    "minimum": lambda x, bound: x >= bound,
    "maximum": lambda x, bound: x <= bound,
    "exclusiveMinimum": lambda x, bound: x > bound,
    "multipleOf": lambda x, step: x % step == 0,
}
OTHERS = {
    "type": lambda x, name: TYPES[name](x),
    "const": lambda x, value: x == value,
    "enum": lambda x, values: x in values,
    "anyOf": lambda x, kinds: any(takes(kind, x) for kind in kinds),
    "minItems": lambda x, least: not isinstance(x, list) or len(x) >= least,
    "maxItems": lambda x, most: not isinstance(x, list) or len(x) <= most,
    "items": lambda x, kind: not isinstance(x, list) or all(takes(kind, one) for one in x),
    "properties": lambda x, keys: all(takes(kind, x[key]) for key, kind in keys.items() if key in x),
    "required": lambda x, keys: all(key in x for key in keys),
    "dependentRequired": lambda x, keys: all(set(others) <= set(x) for key, others in keys.items() if key in x),
}
READ_ELSEWHERE = {"$schema", "title", "description", "additionalProperties", "if", "then", "else"}


def takes(schema, x):
    """Whether x is as the schema has it."""
    assert schema.keys() <= NUMBERS.keys() | OTHERS.keys() | READ_ELSEWHERE
    if "type" in schema and not TYPES[schema["type"]](x):
        return False
    if schema.get("additionalProperties") is False and not set(x) <= set(schema["properties"]):
        return False
    if "if" in schema and not takes(schema.get("then" if takes(schema["if"], x) else "else", {}), x):
        return False
    number = TYPES["number"](x)
    return all(test(x, schema[word]) for word, test in NUMBERS.items() if word in schema and number) and all(
        test(x, schema[word]) for word, test in OTHERS.items() if word in schema
    )
