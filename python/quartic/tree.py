"""A run file as an xarray.DataTree: every group a node, dimension scales as coordinates, names of today."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray

from .arguments import path_text
from .errors import BadInput, Error
from .former_names import FORMER_NAMES, FORMER_WORDS

AXES = ("x", "y", "z", "t")
DEEPEST = 3  # slashes of a group's name, as in /layer_1/history
WHOLE = "docs/run-file.md lists what a run file holds"
NOT_SHOWN = ("state", "checkpoint")  # where a restart goes on


def read_tree(path: Path) -> xarray.DataTree:
    """The whole file but the state of a restart. Raises BadInput where it is no run file."""
    if not path.is_file():
        raise BadInput(f"{path_text(path)}: no such file", "check the path")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise BadInput(f"{path_text(path)}: not an HDF5 file", "quartic.open takes what quartic wrote") from error
    with file:
        try:
            return _tree(file)
        except Error:
            raise
        except (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:  # h5py's, xarray's
            raise BadInput(f"{path_text(path)}: a group of it is not that of a run file: {error}", WHOLE) from error


def _tree(file: h5py.File) -> xarray.DataTree:
    nodes = {"/": xarray.Dataset(attrs=_attributes(file))}
    if "config" in file:
        nodes["/"].attrs["config"] = plain(file["config"][()])
    _Reader(file, nodes).add(file)
    return xarray.DataTree.from_dict(nodes)


class _Reader:
    """Of the groups of a file."""

    def __init__(self, file: h5py.File, nodes: dict[str, xarray.Dataset]):
        self.nodes = nodes
        self.sites = _site_coordinates(file)
        layout = file["provenance"].attrs.get("layout_version", 1) if "provenance" in file else 1
        self.names, self.words = (FORMER_NAMES, FORMER_WORDS) if layout < 3 else ({}, {})

    def add(self, group: h5py.Group) -> None:
        _require_own(group)
        for name, item in group.items():
            if not isinstance(item, h5py.Group) or name in NOT_SHOWN:
                continue
            self.nodes["/".join(self.names.get(part, part) for part in item.name.split("/"))] = self.dataset(item)
            self.add(item)

    def dataset(self, group: h5py.Group) -> xarray.Dataset:
        variables: dict[str, Any] = {}
        scales: dict[str, Any] = {}
        _require_own(group)
        for stored, data in group.items():
            if not isinstance(data, h5py.Dataset):
                continue
            name, values = self.names.get(stored, stored), self.values(data)
            if data.is_scale:
                scales[name] = (name, values)
            else:
                variables[name] = (self.dimensions(data, name), values)
        if "site" in scales and len(scales["site"][1]) == len(next(iter(self.sites.values()), ())):
            scales |= {axis: ("site", values) for axis, values in self.sites.items()}
        return xarray.Dataset(variables, scales, _attributes(group))

    def dimensions(self, data: h5py.Dataset, name: str) -> list[str]:
        """Names of its dimension scales; an axis without one, or whose scale was removed, is its own."""
        scales = [scale[0].name if len(scale) else None for scale in data.dims]
        found = [scale.rpartition("/")[-1] if scale else f"{name}_{k}" for k, scale in enumerate(scales)]
        return [self.names.get(n, n) for n in found]

    def values(self, data: h5py.Dataset) -> Any:
        values = data.asstr(errors="surrogateescape")[()] if h5py.check_string_dtype(data.dtype) else data[()]
        if isinstance(values, np.ndarray) and values.dtype == object:
            words = [self.words.get(word, word) for word in values.ravel()]
            return np.array(words, dtype=str).reshape(values.shape)
        return self.words.get(values, values) if isinstance(values, str) else values


def _require_own(group: h5py.Group) -> None:
    """Refuses what leads to other places, or in a circle: HDF5 may follow it for ever."""
    if group.name.count("/") > DEEPEST:
        raise BadInput(f"{path_text(group.file.filename)}: '{group.name}' is no group of a run file", WHOLE)
    for name in group:
        item = f"'{group.name.rstrip('/')}/{name}'"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise BadInput(f"{path_text(group.file.filename)}: {item} is a link to another place", WHOLE)
        data = group[name]
        if isinstance(data, h5py.Dataset) and (data.is_virtual or data.external):
            raise BadInput(f"{path_text(group.file.filename)}: {item} has its values in another place", WHOLE)


def _site_coordinates(file: h5py.File) -> dict[str, np.ndarray]:
    """x, y, ... of the sites of a lattice, which are numbered row-major."""
    extent = file["model"].attrs.get("extent") if "model" in file else None
    if extent is None:
        return {}
    at = np.unravel_index(np.arange(np.prod(extent)), extent)
    return {AXES[d] if len(extent) <= len(AXES) else f"x{d}": values for d, values in enumerate(at)}


def _attributes(group: h5py.Group) -> dict[str, Any]:
    left_out = ("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST")
    return {name: plain(value) for name, value in group.attrs.items() if name not in left_out}


def plain(value: Any) -> Any:
    """bytes to str, numpy scalars to Python's."""
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    return value.item() if isinstance(value, np.generic) else value
