"""What the program does where streams, disks, names and files are not as they should be."""

import fcntl
import importlib.util
import json
import os
import resource
import stat
import subprocess
import tomllib
from functools import partial

import numpy as np
import pytest
from json_schema import takes
from program import NETWORK_CONFIG, QUARTIC, fitted, needs_program, quartic, refused

pytestmark = needs_program

SMALL = """[graph]
lattice = "square"
extent = [2, 2]
[action]
w = 0.3
a = 0.5
b = 0.2
[sampler]
chains = 16
[sample]
draws = 50
warm_up = 10
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "run.toml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def sampled(here):
    assert quartic("sample", "run.toml", "-o", "run.h5", "--quiet", cwd=here).returncode == 0
    return here


def in_shell(line, here):
    """Of bash, with $Q the program."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=here,
        env={**os.environ, "Q": QUARTIC},
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


# ---- streams ----


@pytest.mark.parametrize(
    "words",
    ["plot run.h5", "show run.h5 --json", "show run.h5", "--version", "validate --reference", "diagnose run.h5"],
)
@pytest.mark.parametrize("stream", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written_is_an_error(sampled, words, stream):
    done = in_shell(f"$Q {words} {stream}", sampled)
    assert done.returncode == 3 and "quartic: cannot write standard output" in done.stderr, done


def test_a_reader_that_leaves_is_no_matter(sampled):
    done = in_shell("$Q validate --reference | head -n 1", sampled)
    assert done.returncode == 0 and done.stderr == ""


@pytest.mark.parametrize("stream", ["2>/dev/full", "2>&-", "0<&- 2>&-", "2> >(true)"])
def test_progress_that_cannot_be_written_is_dropped(here, stream):
    done = in_shell(f"$Q sample run.toml -o run.h5 {stream}", here)
    assert done.returncode == 0, done
    assert "50 draws each" in quartic("show", "run.h5", cwd=here).stdout
    assert in_shell(f"$Q show missing.h5 {stream}", here).returncode == 3


def test_no_file_gets_the_number_of_a_closed_stream(here):
    done = in_shell("$Q sample run.toml -o run.h5 >&- 2>&-", here)
    assert done.returncode == 3  # of the summary, which had no place
    assert quartic("show", "run.h5", cwd=here).returncode == 0


# ---- disks ----


@pytest.mark.parametrize("blocks", [0, 4, 60])
def test_at_the_end_of_the_disk_the_old_run_is_whole(sampled, blocks):
    before = (sampled / "run.h5").read_bytes()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * blocks, resource.RLIM_INFINITY))

    done = subprocess.run(
        [QUARTIC, "sample", "run.toml", "-o", "run.h5", "--force", "--quiet", "--set", "sample.draws=2000"],
        cwd=sampled,
        text=True,
        capture_output=True,
        preexec_fn=limit,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3 and "run.h5': File too large" in done.stderr, done
    assert (sampled / "run.h5").read_bytes() == before
    began = blocks == 60  # then the beginning fits, and can go on where there is room
    assert sorted(p.name for p in sampled.iterdir()) == ["run.h5", *["run.h5.quartic.new"] * began, "run.toml"]
    if began:
        assert "can go on from 'run.h5.quartic.new'" in done.stderr
        assert quartic("resume", "run.h5.quartic.new", "--quiet", cwd=sampled).returncode == 0


def test_under_force_the_old_file_goes_where_the_new_run_has_ended(sampled):
    before = (sampled / "run.h5").read_bytes()
    done = quartic("sample", "run.toml", "-o", "run.h5", "--force", "--quiet", "--seed", 2, cwd=sampled)
    assert done.returncode == 0 and (sampled / "run.h5").read_bytes() != before
    endless = ("--set", "sample.draws=2000000000", "--max-hours", "0.0002")
    assert quartic("sample", "run.toml", "-o", "run.h5", "--force", *endless, cwd=sampled).returncode == 6
    assert sorted(p.name for p in sampled.iterdir()) == ["run.h5", "run.toml"]


def test_what_is_refused_before_anything_is_learned_leaves_nothing(tmp_path):
    """The warm-up finds that a column does not vary; --force then leaves the old file."""
    rows = np.random.default_rng(1).normal(0, 1, (60, 4))
    rows[:, 1] = 0
    np.save(tmp_path / "x.npy", rows)
    (tmp_path / "run.toml").write_text('[graph]\nextent = [2, 2]\n[data]\npath = "x.npy"\n[fit]\nepochs = 2\n')
    refused(quartic("fit", "run.toml", "-o", "run.h5", cwd=tmp_path), 3, "do not vary", tmp_path, ("run.toml", "x.npy"))
    (tmp_path / "run.h5").write_bytes(b"mine")
    done = quartic("fit", "run.toml", "-o", "run.h5", "--force", cwd=tmp_path)
    refused(done, 3, "do not vary", tmp_path, ("run.toml", "x.npy", "run.h5"))
    assert (tmp_path / "run.h5").read_bytes() == b"mine"


def test_a_killed_run_under_force_leaves_the_old_file_until_it_has_gone_on(sampled):
    before = (sampled / "run.h5").read_bytes()
    process = subprocess.Popen(
        [QUARTIC, "sample", "run.toml", "-o", "run.h5", "--force", "--json", "--set", "sample.draws=20000"],
        cwd=sampled, stdout=subprocess.PIPE, pipesize=4096,
    )  # fmt: skip
    process.stdout.readline()
    process.kill()
    process.communicate()
    assert (sampled / "run.h5.quartic.old").read_bytes() == before
    assert quartic("resume", "run.h5", "--quiet", cwd=sampled).returncode == 0
    assert sorted(p.name for p in sampled.iterdir()) == ["run.h5", "run.toml"]


# ---- outputs ----


def test_what_is_no_file_is_not_replaced(here):
    os.mkfifo(here / "pipe")
    (here / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        done = quartic("sample", "run.toml", "-o", name, "--force", cwd=here)
        assert done.returncode == 3 and "no regular file" in done.stderr
    assert stat.S_ISFIFO((here / "pipe").stat().st_mode)


def test_links_are_written_through(sampled):
    (sampled / "link.h5").symlink_to("run.h5")
    (sampled / "dangling.h5").symlink_to("far.h5")
    assert quartic("resume", "link.h5", "--draws", 100, "--quiet", cwd=sampled).returncode == 0
    assert (sampled / "link.h5").is_symlink() and "100 draws" in quartic("show", "run.h5", cwd=sampled).stdout
    assert quartic("sample", "run.toml", "-o", "dangling.h5", "--quiet", cwd=sampled).returncode == 0
    assert (sampled / "dangling.h5").is_symlink() and (sampled / "far.h5").is_file()


def test_a_second_writer_is_refused(sampled):
    with open(sampled / "run.h5", "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert quartic("show", "run.h5", cwd=sampled).returncode == 0
        done = quartic("resume", "run.h5", "--draws", 100, cwd=sampled)
    assert done.returncode == 3 and "another run is writing it" in done.stderr
    assert quartic("resume", "run.h5", "--draws", 100, "--quiet", cwd=sampled).returncode == 0


def test_what_a_killed_run_left_is_removed_by_the_next(here):
    for name in ("run.h5.quartic.tmp", "run.h5.999999999.tmp"):
        (here / name).write_bytes(b"half")
    assert quartic("sample", "run.toml", "-o", "run.h5", "--quiet", cwd=here).returncode == 0
    assert sorted(p.name for p in here.iterdir()) == ["run.h5", "run.toml"]


def test_every_line_under_json_is_json(sampled):
    plots = [["plot", "run.h5"]] if importlib.util.find_spec("matplotlib") else []
    for words in (
        ["show", "run.h5", "--config"],
        ["validate", "run.toml", "--effective"],
        ["validate", "--reference"],
        *plots,
    ):
        lines = quartic(*words, "--json", cwd=sampled).stdout.splitlines()
        assert lines and all(isinstance(json.loads(line), dict) for line in lines)


# ---- inputs ----


def test_a_config_from_a_pipe_is_read_and_the_run_needs_a_name(here):
    done = in_shell("cat run.toml | $Q validate /dev/stdin --effective", here)
    assert done.returncode == 0 and "chains = 16\n" in done.stdout
    done = in_shell("$Q sample <(cat run.toml)", here)
    assert done.returncode == 2 and "-o" in done.stderr
    done = in_shell("$Q sample <(cat run.toml) -o run.h5 --quiet", here)
    assert done.returncode == 0 and "16 chains, 50 draws" in quartic("show", "run.h5", cwd=here).stdout
    refused(in_shell("$Q validate /dev/zero", here), 3, "too long for a config", here, ("run.toml", "run.h5"))


@pytest.mark.parametrize("text", ["", "\n", "# sweeps = 4\n"])
@pytest.mark.parametrize(
    "words",
    [["validate"], ["sample"], ["sample", "--set", "sample.draws=2"], ["learn"], ["fit"], ["graph"], ["free-energy"]],
)
def test_an_empty_config_is_not_the_defaults(here, text, words):
    (here / "run.toml").write_text(text)
    done = quartic(*words, "run.toml", cwd=here)
    refused(done, 3, "config 'run.toml' is empty", here)
    assert "hint: quartic init sample" in done.stderr


def test_an_empty_config_is_refused_from_a_pipe_too(here):
    refused(in_shell("$Q sample <(true) -o run.h5", here), 3, "is empty", here)
    refused(in_shell("$Q reweight run.h5 --to <(true) -o out.h5", here), 3, "is empty", here)


def test_paths_are_bytes(tmp_path):
    folder = os.fsencode(tmp_path) + b"/mess\xe9 \n"
    os.mkdir(folder)
    here = os.fsdecode(folder)
    np.save(os.path.join(here, "x.npy"), np.random.default_rng(1).normal(0, 1, (60, 4)))
    with open(os.path.join(here, "fit.toml"), "w") as config:
        config.write('[graph]\nextent = [2, 2]\n[data]\npath = "x.npy"\n[fit]\nepochs = 2\n')
    done = quartic("fit", "fit.toml", "-o", "run.h5", "--json", cwd=here)
    assert done.returncode == 0, done.stderr
    shown = quartic("show", "run.h5", "--config", cwd=here).stdout
    assert r"mess\\xe9 \\x0a/x.npy" in shown
    for words in (["show", "run.h5"], ["resume", "run.h5", "--epochs", "3"], ["generate", "run.h5", "-o", "g.npy"]):
        done = quartic(*words, cwd=here)
        assert done.returncode == 0, done.stderr
    done = quartic("data", f"{here}/x.npy", "--json", cwd=here)
    assert done.returncode == 0 and json.loads(done.stdout)
    done = quartic("data", f"{here}/none.npy", cwd=here)
    assert done.returncode == 3 and r"mess\xe9 \x0a/none.npy" in done.stderr


def test_an_edge_that_stands_twice_is_refused_with_the_remedy(here):
    (here / "edges.txt").write_text("0 1\n1 0\n1 2\n2 1\n")
    setting = ("--set", "graph.edges=edges.txt")
    done = quartic("validate", "run.toml", *setting, cwd=here)
    assert done.returncode == 3 and "joined twice" in done.stderr and 'graph.duplicates = "merge"' in done.stderr
    for word, edges in (("merge", 2), ("add", 4)):
        done = quartic("validate", "run.toml", *setting, "--set", f"graph.duplicates={word}", "--json", cwd=here)
        assert json.loads(done.stdout)["edges"] == edges


# ---- run files ----


def test_plot_refuses_a_damaged_run_as_show_does(sampled):
    h5py = pytest.importorskip("h5py")
    with h5py.File(sampled / "run.h5", "r+") as file:
        del file["model/b"]
        file["model/b"] = h5py.SoftLink("/model/b")
    for verb in ("show", "plot"):
        done = quartic(verb, "run.h5", cwd=sampled)
        assert done.returncode == 3 and "'model/b' is a link to another place" in done.stderr


def test_figures_of_a_run_that_lacks_an_entry_are_none(sampled):
    h5py = pytest.importorskip("h5py")
    pytest.importorskip("matplotlib")
    with h5py.File(sampled / "run.h5", "r+") as file:
        del file["posterior/phi"]
    done = quartic("plot", "run.h5", cwd=sampled)
    assert done.returncode == 3 and "posterior/phi" in done.stderr and "Traceback" not in done.stderr, done
    assert not (sampled / "run-figures").exists()


def test_a_dataset_that_maps_to_itself_ends(sampled):
    h5py = pytest.importorskip("h5py")
    name = "results/window"
    with h5py.File(sampled / "run.h5", "r+") as file:
        shape, kind = file[name].shape, file[name].dtype
        del file[name]
        layout = h5py.VirtualLayout(shape, kind)
        layout[...] = h5py.VirtualSource(".", "/" + name, shape)
        file.create_virtual_dataset(name, layout)
    assert quartic("show", "run.h5", cwd=sampled).returncode == 3
    done = quartic("data", "run.h5", "--dataset", name, cwd=sampled)
    assert done.returncode == 3 and "put together from this file" in done.stderr


def test_nobody_waits_for_a_pipe_that_a_link_leads_to(sampled):
    h5py = pytest.importorskip("h5py")
    os.mkfifo(sampled / "pipe")
    with h5py.File(sampled / "run.h5", "r+") as file:
        del file["model"]
        file["model"] = h5py.ExternalLink("pipe", "/model")
        file["soft"] = h5py.SoftLink("/model")
        layout = h5py.VirtualLayout((4, 2), "f4")
        layout[...] = h5py.VirtualSource("pipe", "/x", (4, 2))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (4, 2), "f4", external=[(str(sampled / "pipe"), 0, h5py.h5f.UNLIMITED)])
    done = quartic("show", "run.h5", cwd=sampled, timeout=20)
    assert done.returncode == 3 and "'model' is a link to another place" in done.stderr
    for name in ("model/w", "soft/w", "virtual", "raw"):
        done = quartic("data", "run.h5", "--dataset", name, cwd=sampled, timeout=20)
        assert done.returncode == 3 and "no regular file" in done.stderr, (name, done)


def test_data_behind_links_are_read(tmp_path):
    h5py = pytest.importorskip("h5py")
    rows = np.random.default_rng(1).normal(0, 1, (20, 3))
    (tmp_path / "raw").mkdir()
    with h5py.File(tmp_path / "raw/first.h5", "w") as file:
        file["measured/rows"] = rows
    with h5py.File(tmp_path / "raw/second.h5", "w") as file:
        file["first"] = h5py.ExternalLink("first.h5", "/")
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file["inner/other"] = h5py.ExternalLink("raw/second.h5", "/first/measured")
        file["inner/here"] = h5py.SoftLink("other/rows")
        file["round"] = h5py.SoftLink("/round")
    for name in ("inner/other/rows", "inner/here"):
        done = quartic("data", "all.h5", "--dataset", name, "--json", cwd=tmp_path)
        assert done.returncode == 0 and '"rows":20' in done.stdout.replace(" ", ""), (name, done)
    for name, why in (("round", "lead in a circle"), ("inner/none", "no dataset")):
        done = quartic("data", "all.h5", "--dataset", name, cwd=tmp_path)
        assert done.returncode == 3 and why in done.stderr, (name, done)


def test_figures_that_have_no_place_are_bad_input(sampled):
    (sampled / "loop").symlink_to("loop")
    for words in (["loop"], ["run.toml", "--force"], ["none/figures"], ["/proc/figures", "--quiet"]):
        done = quartic("plot", "run.h5", "-o", *words, cwd=sampled)
        assert done.returncode == 3 and done.stderr.startswith("quartic: ") and "Traceback" not in done.stderr, done
    assert (sampled / "run.toml").read_text() == SMALL


def test_a_schedule_that_no_warm_up_leaves_is_refused(sampled):
    h5py = pytest.importorskip("h5py")
    for name, value in (("reflections", 2147483647), ("reflections", -1), ("step_size", np.nan)):
        path = sampled / "changed.h5"
        path.write_bytes((sampled / "run.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            attributes = file["checkpoint"].attrs
            attributes[name] = attributes[name].dtype.type(value)
        done = quartic("resume", "changed.h5", "--draws", 100, "--quiet", cwd=sampled)
        assert done.returncode == 3 and "schedule of moves" in done.stderr, done
    done = quartic("validate", "run.toml", "--set", "sampler.reflections=2147483647", cwd=sampled)
    assert done.returncode == 3 and "from 0 to 10000" in done.stderr


def test_a_stack_with_more_bounds_than_layers_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    config = NETWORK_CONFIG.replace('"network"', '"stack"').replace("hidden_units = 4", "hidden_units = [3, 2]")
    fitted(tmp_path, np.random.default_rng(1).normal(0, 1, (60, 4)), config, "--set", "training.epochs=2")
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        file["model"].attrs["layers"] = np.int32(1)
    for verb in ("show", "diagnose"):
        done = quartic(verb, "run.h5", cwd=tmp_path)
        assert done.returncode == 3 and "layer 2 has a bound and no evaluation" in done.stderr


# ---- numbers and words ----


def test_rows_that_a_discrete_unit_does_not_take_are_refused_before_anything_is_learned(tmp_path):
    """Of mean 0 and variance 1, as standardised columns are, or only among those held out."""
    random = np.random.default_rng(1)
    spins = random.choice([-1.0, 1.0], (100, 4))
    other = spins.copy()
    other[-1, 2] = 3
    for rows, scaling in ((random.normal(0, 1, (100, 4)), "standardise"), (other, "none")):
        for kind, units in (("network", "3"), ("stack", "[3, 2]")):
            np.save(tmp_path / "x.npy", rows)
            text = NETWORK_CONFIG.replace('"quartic"', '"spin"').replace('"standardise"', f'"{scaling}"')
            text = text.replace('"network"', f'"{kind}"').replace("hidden_units = 4", f"hidden_units = {units}")
            (tmp_path / "run.toml").write_text(text)
            done = quartic("fit", "run.toml", "-o", "run.h5", cwd=tmp_path)
            refused(done, 3, "holds other values than -1 and 1", tmp_path, ("run.toml", "x.npy"))


def test_what_is_not_resolved_is_no_number(here):
    done = quartic("sample", "run.toml", "-o", "run.h5", "--set", "action.b=1e-320", cwd=here)
    words = done.stdout.replace("-", " ").replace("(", " ").split()
    assert "nan" not in words and "inf" not in words, done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "-1"], "--seed: must be an integer from 0 to 9223372036854775807, not '-1'"),
        (["--threads", "auto"], "--threads: must be an integer from 1 to 4096, not 'auto'"),
        (["--set", "run.seed=1.0"], "must be an integer >= 0, not 1.0"),
        (["--set", "sample.draws=1e3"], "integer >= 1, not 1000.0"),
        (["--set", "sample.draws=5000000000"], "not 5000000000, above 2^31 - 1"),
        (["--set", "action.a=1e300"], "not 1e+300, beyond 1e+30"),
    ],
)
def test_numbers_out_of_range_are_refused_with_the_range(here, words, said):
    done = quartic("validate", "run.toml", *words, cwd=here)
    assert done.returncode in (2, 3) and said in done.stderr.splitlines()[0], done.stderr


def test_slips_are_met_with_what_was_meant(here):
    done = quartic("smaple", "run.toml", cwd=here)
    assert done.returncode == 2 and "did you mean 'sample'?" in done.stderr
    (here / "x.csv").write_text("a,b\n1,2\n")
    refused(quartic("fit", "x.csv", cwd=here), 3, "is data: a config is wanted", here, ("run.toml", "x.csv"))
    assert "quartic init network --data x.csv" in quartic("fit", "x.csv", cwd=here).stderr


def test_a_minus_that_is_none_is_named(here):
    (here / "minus.toml").write_text("[action]\na = 0.5\nw = \u22120.3\n")
    done = quartic("validate", "minus.toml", cwd=here)
    assert done.returncode == 3 and "minus.toml:3" in done.stderr and "U+2212: write '-'" in done.stderr


def test_values_far_from_zero_are_told_apart(here):
    np.save(here / "x.npy", 1e8 + np.random.default_rng(1).normal(0, 1, (200, 3)))
    shown = quartic("data", "x.npy", cwd=here).stdout
    low, high = (float(word) for word in shown.split("range")[1].split("\n")[0].split(" to "))
    assert 4 < high - low < 10, shown


def test_a_terminal_obeys_no_name_of_a_file(here):
    done = quartic("show", "\x1b[2Jrun.h5", cwd=here)
    assert done.returncode == 3 and r"\x1b[2Jrun.h5" in done.stderr and "\x1b" not in done.stderr


# ---- stops ----


def test_a_draw_of_any_length_heeds_a_stop_and_is_begun_anew(here):
    endless = ("--set", "sample.sweeps=2147483647", "--max-hours", "0.0003")
    assert quartic("sample", "run.toml", "-o", "run.h5", *endless, "--quiet", cwd=here).returncode == 6
    assert "0 draws each" in quartic("show", "run.h5", cwd=here).stdout
    for key in ("hmc_steps", "metropolis_hits", "cluster_seeds"):
        done = quartic("validate", "run.toml", "--set", f"sampler.{key}=2147483647", cwd=here)
        assert done.returncode == 3 and "to 10000" in done.stderr


def test_what_heeds_nothing_is_ended_by_the_clock(here):
    """The longest step that there is: one draw of all but endless sweeps, in blocks of work that a stop ends."""
    (here / "run.toml").write_text(SMALL.replace("[2, 2]", "[64, 64]"))
    for key, value in (("sample.sweeps", 2147483647), ("sampler.hmc_steps", 10000), ("sampler.metropolis_hits", 10000)):
        options = ("--set", f"{key}={value}", "--set", "sampler.chains=512", "--max-hours", "0.0003", "--force")
        done = quartic("sample", "run.toml", "-o", "run.h5", *options, "--quiet", cwd=here)
        assert done.returncode == 6 and "quartic: stopped" in done.stderr, done
        assert "quartic resume run.h5" in done.stderr
        assert quartic("show", "run.h5", cwd=here).returncode == 0


def test_what_comes_before_a_run_s_first_state_heeds_a_stop(tmp_path):
    """Scalings of an exact fit's folds are found before there is a state: what takes no second is saved, else nothing
    is lost without one."""
    np.save(tmp_path / "x.npy", np.random.default_rng(1).normal(0, 1, (3000, 256)))
    (tmp_path / "run.toml").write_text('[model]\nkind = "network"\n[data]\npath = "x.npy"\n')
    done = quartic("fit", "run.toml", "-o", "run.h5", "--max-hours", 1e-9, cwd=tmp_path)
    if (tmp_path / "run.h5").exists():
        assert done.returncode == 6 and "quartic resume run.h5" in done.stderr
    else:
        # The second, where a step takes longer than a program may be deaf: under a sanitizer, ten times as slow.
        said = ("stopped before anything new was saved", "stopped in the midst of a long step; nothing was saved yet")
        refused(done, 6, next((one for one in said if one in done.stderr), said[0]), tmp_path, ("run.toml", "x.npy"))


# ---- memory ----


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("sampler.chains=1048576 output.draws=1", "sampler.chains"),
        ("graph.extent=[3000,3000]", "graph.extent"),
        ("output.draws=1000000 sample.draws=1000000", "output.draws"),
    ],
)
def test_more_memory_than_there_may_be_is_refused_with_the_key(here, setting, key):
    (here / "run.toml").write_text(SMALL.replace("[2, 2]", "[8, 8]"))
    done = quartic("sample", "run.toml", "-o", "run.h5", "--max-memory", 0.2,
                   *(word for one in setting.split() for word in ("--set", one)), cwd=here)  # fmt: skip
    refused(done, 3, "of memory, there are 200.0 MB", here)
    assert key in done.stderr


def test_memory_that_no_estimate_has_foreseen_is_refused_by_the_system(here):
    for gigabytes in (0.001, 0.01, 0.03):
        many = ("--set", "sampler.chains=96000", "--max-memory", gigabytes)
        done = quartic("sample", "run.toml", "-o", "run.h5", *many, cwd=here)
        assert done.returncode in (1, 3) and "memory" in done.stderr, done


def test_libraries_that_find_no_room_end_nothing(tmp_path):
    """OpenBLAS and OpenMP end a process with words of their own."""
    np.save(tmp_path / "x.npy", np.random.default_rng(1).normal(0, 1, (60, 4)))
    (tmp_path / "run.toml").write_text(NETWORK_CONFIG)
    codes = set()
    (tmp_path / "wide.toml").write_text(SMALL.replace("[2, 2]", "[16, 16]").replace("= 16", "= 2048"))
    for megabytes in (40, 60, 80, 100, 150, 200, 300):
        for words in (["fit", "run.toml"], ["sample", "wide.toml", "--threads", "64"]):
            limited = partial(resource.setrlimit, resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
            done = quartic(*words, "-o", "run.h5", "--force", "--quiet", cwd=tmp_path, preexec_fn=limited)
            codes.add(done.returncode)
            said = "quartic: out of memory" in done.stderr or "of memory, there are" in done.stderr
            assert done.returncode == 0 or said, done
    assert codes >= {0, 1}


def test_figures_without_room_say_so(sampled):
    """What Python and its libraries say then is a traceback, that they cannot be imported, or nothing."""
    pytest.importorskip("matplotlib")
    for megabytes in (120, 160, 200, 250):
        limited = partial(resource.setrlimit, resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
        done = quartic("plot", "run.h5", "--quiet", cwd=sampled, preexec_fn=limited)
        assert done.returncode == 1 and "quartic: out of memory" in done.stderr, done
        assert "Traceback" not in done.stderr, done


def test_validate_refuses_what_a_fit_would(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(1).normal(0, 1, (60, 4)))
    (tmp_path / "run.toml").write_text('[graph]\nlattice = "chain"\nextent = [4]\n[data]\npath = "x.npy"\n')
    np.save(tmp_path / "zero.npy", np.random.default_rng(1).normal(0, 1, (60, 4)) * [1, 0, 0, 1])
    for setting, said in (
        ("fit.max_draws=1", "max_draws at least draws"),
        ("data.path=zero.npy", "the data do not vary along w[1,2]"),
    ):
        for verb in ("validate", "fit"):
            done = quartic(verb, "run.toml", "--set", setting, cwd=tmp_path)
            assert done.returncode == 3 and said in done.stderr, done
            assert not (tmp_path / "run.h5").exists()


def test_the_schema_takes_what_the_program_takes(here):
    schema = json.loads(quartic("validate", "--schema", cwd=here).stdout)
    chains = schema["properties"]["sampler"]["properties"]["chains"]
    assert (chains["minimum"], chains["maximum"], chains["multipleOf"]) == (16, 1048576, 16)
    reference = quartic("validate", "--reference", cwd=here).stdout
    for section in schema["properties"].values():
        for key in section.get("items", section)["properties"]:
            assert f"| `{key}` |" in reference


RIGHT = (
    "[graph]\nlattice = 'square'\nextent = [4, 4]\nboundary = 'open'\n",
    "[graph]\nextent = 4\nboundary = ['open']\nlattice = 'chain'\n",
    "[graph]\nlattice = 'complete'\nextent = [3]\nboundary = []\n",
    "[action]\nw = [0.1, 0.3]\na = { start = 1.5, freedom = 'tied' }\n",
    "[action]\nkappa = 1.0\nmu2 = -0.9\nlambda = 0.7\n",
    "[[target]]\nterm = 'nn'\ncoupling = -1\n[[target]]\nterm = 'phi4'\n",
    "[sample]\nuntil = 'm2'\nrelative_error = 0.1\n",
    "[fit]\nweight_decay = [0, 0, 0, 1]\n",
)
WRONG = (
    "[graph]\nboundary = 'perodic'\n",
    "[graph]\nboundary = ['open', 'clsed']\n",
    "[graph]\nedges = [[0, 1, 2]]\n",
    "[graph]\nlattice = 'sqare'\n",
    "[graph]\nlatice = 'square'\n",
    "[action]\nw = [0.1, 0.2, 0.3]\n",
    "[action]\nw = { start = [0.1, 0.2, 0.3] }\n",
    "[action]\nw = { start = [0.1] }\n",
    "[action]\nw = { values = [] }\n",
    "[action]\nw = { freedom = 'lose' }\n",
    "[action]\nb = -1\n",
    "[action]\nkappa = [1.0, 1.0]\nmu2 = 1\nlambda = 1\n",
    "[action]\nkappa = 1.0\n",
    "[[target]]\ncoupling = 1\n",
    "[[target]]\nterm = 'nn'\ncoupling = [1, 2, 3]\n",
    "[[target]]\nterm = 'nn'\ncoupling = [[1, 2]]\n",
    "[target]\nterm = 'nn'\n",
    "[sample]\nrelative_error = 0.1\n",
    "[sampler]\nchains = 100\n",
    "[fit]\nweight_decay = [0, 1]\n",
    "[model]\nhidden_units = [8, 4]\n",
    "[model]\nhidden = []\n",
    "[data]\ncolumns = []\n",
    "[data]\ncolumns = [1, 'a']\n",
    "[run]\nseed = 'one'\n",
    "[smple]\ndraws = 3\n",
)


@pytest.mark.parametrize("text", RIGHT + WRONG)
def test_the_schema_and_the_program_agree(tmp_path, text):
    (tmp_path / "run.toml").write_text(text)
    done = quartic("validate", "run.toml", "--effective", cwd=tmp_path)
    assert done.returncode == (0 if text in RIGHT else 3), done.stderr
    schema = json.loads(quartic("validate", "--schema", cwd=tmp_path).stdout)
    assert takes(schema, tomllib.loads(text)) == (text in RIGHT)


def test_the_schema_takes_every_config_to_begin_from(tmp_path):
    schema = json.loads(quartic("validate", "--schema", cwd=tmp_path).stdout)
    for kind in ("sample", "learn", "field", "network", "stack", "reweight", "free-energy", "judge"):
        assert takes(schema, tomllib.loads(quartic("init", kind, cwd=tmp_path).stdout)), kind


def test_data_that_moved_are_named_where_a_run_goes_on(tmp_path):
    rows = np.random.default_rng(1).normal(0, 1, (60, 4))
    np.save(tmp_path / "x.npy", rows)
    (tmp_path / "fit.toml").write_text('[graph]\nextent = [2, 2]\n[data]\npath = "x.npy"\n[fit]\nepochs = 2\n')
    assert quartic("fit", "fit.toml", "-o", "run.h5", "--quiet", cwd=tmp_path).returncode == 0
    (tmp_path / "x.npy").rename(tmp_path / "moved.npy")
    np.save(tmp_path / "other.npy", rows + 1)
    resume = ("resume", "run.h5", "--epochs", 4, "--quiet")
    assert quartic(*resume, cwd=tmp_path).returncode == 3
    done = quartic(*resume, "--data", "other.npy", cwd=tmp_path)
    assert done.returncode == 3 and "have changed" in done.stderr
    assert quartic(*resume, "--data", "moved.npy", cwd=tmp_path).returncode == 0


def test_an_empty_name_is_none(sampled):
    before = (sampled / "run.h5").read_bytes()
    done = quartic("resume", "run.h5", "--draws", 100, "-o", "", cwd=sampled)
    assert done.returncode == 2 and "is no name" in done.stderr
    assert (sampled / "run.h5").read_bytes() == before


def test_evaluations_on_other_rows_than_the_data_have_are_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    rows = np.random.default_rng(1).normal(0, 1, (60, 4))
    fitted(tmp_path, rows, NETWORK_CONFIG, "--set", "training.epochs=2", "--set", "evaluation.every=1")
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        file["data"].attrs["held_out"] = np.uint64(0)
    done = quartic("show", "run.h5", cwd=tmp_path)
    assert done.returncode == 3 and "whether rows are held out" in done.stderr
