"""The table of docs/run-file.md from docs/run-file-layout.json: `python tests/python/layout_table.py` prints it."""

import json
from pathlib import Path

LAYOUT = Path(__file__).parents[2] / "docs" / "run-file-layout.json"


def there(kinds: dict[str, str], all_kinds: set[str]) -> str:
    if set(kinds.values()) == {"always"}:
        return "always" if set(kinds) == all_kinds else ", ".join(kinds)
    return "; ".join(kind if when == "always" else f"{kind}: {when}" for kind, when in kinds.items())


def table(layout: dict) -> str:
    all_kinds = {kind for entry in layout["entries"] for kind in entry["kinds"]}
    lines = ["| entry | type | dimensions | there | what |", "| --- | --- | --- | --- | --- |"]
    for entry in layout["entries"]:
        dims = "attribute" if entry["dims"] is None else ", ".join(entry["dims"]) or "scalar"
        where = there(entry["kinds"], all_kinds)
        lines.append(
            f"| `{entry['path']}` | {entry['type']} | {dims} | {where} | {entry['doc'].replace('|', chr(92) + '|')} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(json.loads(LAYOUT.read_text())))
