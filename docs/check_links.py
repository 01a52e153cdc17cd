"""Every link of a built site that stays in it leads somewhere: `python docs/check_links.py build/docs/html`."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Names that can be linked to, and links."""

    def __init__(self, text: str):
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key in ("id", "name") and value:
                self.names.add(value)
            elif key in ("href", "src") and value:
                self.links.append(value)


def main(folder: Path) -> int:
    pages = {file.resolve(): Page(file.read_text()) for file in sorted(folder.rglob("*.html"))}
    broken, count = [], 0
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            count += 1
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            name = unquote(parts.fragment)
            if not target.exists() or (name and target in pages and name not in pages[target].names):
                broken.append(f"{file.relative_to(folder.resolve())}: {link}")
    print(*broken, sep="\n", end="\n" if broken else "")
    print(f"links: {count} within {len(pages)} pages, {len(broken) or 'none'} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
