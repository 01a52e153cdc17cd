"""Events for TensorBoard hold the history of a run."""

import struct
import sys

import numpy as np
import pytest

import quartic

A3 = {"nn": -1, "phi2": 1.52425, "phi4": 0.175}


def learned(callback, **options):
    return quartic.learn(
        A3, quartic.lattice("square", 3), optimiser="gradient", rate=0.02, epochs=6, chains=64, certificate=False,
        settings={"learn.stop_early": False}, callback=callback, random_state=1, **options,
    )  # fmt: skip


def scalars(folder):
    """tag -> step -> value, of the event file in a folder: records of length, checksum, message, checksum."""
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event

    (file,) = folder.iterdir()
    data, found = file.read_bytes(), {}
    while data:
        size = struct.unpack("<Q", data[:8])[0]
        event = Event.FromString(data[12 : 12 + size])
        for value in event.summary.value:
            found.setdefault(value.tag, {})[event.step] = value.simple_value
        data = data[16 + size :]
    return found


def test_events_are_the_history_of_the_run(tmp_path):
    pytest.importorskip("tensorboardX")
    with quartic.TensorBoard(tmp_path / "events") as board:
        fit = learned(board)
    found = scalars(tmp_path / "events")
    for name in ("gradient_norm", "action_variance", "weight_ess"):
        for tag, column in ((name, name), (f"error/{name}", f"{name}_error")):
            steps = sorted(found[tag])
            assert steps == fit.history.epoch.values.tolist()
            np.testing.assert_allclose(
                [found[tag][k] for k in steps], fit.history[column].values[: len(steps)], rtol=1e-6
            )
    assert not any(tag.endswith("_error") or tag in ("done", "total", "epoch") for tag in found)
    assert fit.stop_reason == "epochs_exhausted"  # who watches stops nothing


def test_every_so_many_epochs(tmp_path):
    pytest.importorskip("tensorboardX")
    with quartic.TensorBoard(tmp_path / "events", every=3) as board:
        learned(board)
    assert sorted(scalars(tmp_path / "events")["gradient_norm"]) == [0, 3, 6]
    with pytest.raises(quartic.BadInput, match="every must be"):
        quartic.TensorBoard(tmp_path / "none", every=0)


def test_layers_have_names_of_their_own(tmp_path):
    pytest.importorskip("tensorboardX")
    with quartic.TensorBoard(tmp_path / "events") as board:
        for layer in (1, 2):
            for epoch in (1, 2):
                board({"epoch": epoch, "done": epoch, "total": 2, "layer": layer, "weight_norm": layer + epoch / 10})
    found = scalars(tmp_path / "events")
    assert found["layer_1/weight_norm"] == pytest.approx({1: 1.1, 2: 1.2})
    assert found["layer_2/weight_norm"] == pytest.approx({1: 2.1, 2: 2.2})


def test_without_a_writer_the_remedy_is_said(tmp_path, monkeypatch):
    for name in ("tensorboardX", "torch.utils.tensorboard"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(quartic.BadInput, match=r"tensorboardX.*pip install 'quartic\[tensorboard\]'"):
        quartic.TensorBoard(tmp_path / "events")
    assert not (tmp_path / "events").exists()
