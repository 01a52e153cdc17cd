"""What both suites share."""


def pytest_collection_modifyitems(items):
    """The pages of the documentation take longest: they begin, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: "test_docs" not in item.nodeid)
