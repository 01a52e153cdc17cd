"""What the program says of itself: configs to begin from, help, man pages, completion, what was meant by a slip."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
from program import QUARTIC, needs_program, quartic, refused

pytestmark = needs_program

KINDS = ("sample", "learn", "field", "network", "stack", "reweight", "free-energy", "judge")


def said(*arguments, cwd, **options):
    done = quartic(*arguments, cwd=cwd, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_lines(lines, cwd):
    """As a reader types them."""
    return subprocess.run(
        ["bash", "-ec", "\n".join(lines)],
        cwd=cwd, text=True, capture_output=True, timeout=300, check=False,
        env={**os.environ, "PATH": f"{Path(QUARTIC).parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip


def verbs(cwd):
    """Of the help: two blanks, the verb, its meaning."""
    text = said("--help", cwd=cwd).split("\noptions of every verb")[0]
    return re.findall(r"^  ([a-z][a-z-]*)  +\S", text, re.MULTILINE)


def options(cwd, verb):
    own = said(verb, "--help", cwd=cwd).split("\noptions of every verb")[0]
    return re.findall(r"^  .*?(--[a-z-]+)", own, re.MULTILINE)


# --- init ------------------------------------------------------------------------------------------

SHORT = {  # so that it takes no seconds
    "sample": ["sample.draws=100", "sampler.chains=64"],
    "learn": ["sampler.chains=128", "certificate.enabled=false"],
    "field": ["data.rows=400", "sampler.chains=128", "evaluation.enabled=false", "fit.epochs=5"],
    "network": ["data.rows=200", "model.hidden_units=2", "data.scaling=standardise", "training.iterations=20"],
    "stack": ["data.rows=200", "training.layer_epochs=[1,1]", "evaluation.steps=4", "evaluation.sweeps=0"],
    "reweight": ["sample.draws=100", "sampler.chains=64"],
    "free-energy": ["sampler.chains=64"],
}


def test_every_config_to_begin_from_is_valid_and_runs(tmp_path):
    """By the commands at its head, in the order of the help: the fits have the fields of `sample` as data."""
    for kind in KINDS:
        config = f"{kind}.toml"
        assert "quartic validate" in said("init", kind, "-o", config, cwd=tmp_path)
        settings = [word for setting in SHORT.get(kind, []) for word in ("--set", setting)]
        if kind == "judge":
            assert quartic("judge", "sample.h5", "--action", config, cwd=tmp_path).returncode == 0
            continue
        said("validate", config, *settings, cwd=tmp_path)
        commands = re.findall(r"^#   quartic (.*)$", (tmp_path / config).read_text(), re.MULTILINE)
        said(*commands[0].split(), *settings, "--quiet", cwd=tmp_path)
        if kind == "reweight":
            assert "ok" in said(*commands[1].split(), cwd=tmp_path)


@pytest.mark.parametrize("kind", ["field", "network", "stack"])
def test_init_says_what_to_type_next_and_that_works(tmp_path, kind):
    """Also what makes the rows, where the config names those of `sample`, and no more than is left to do."""
    (tmp_path / "my runs").mkdir()
    lines = said("init", kind, "-o", f"my runs/{kind}.toml", cwd=tmp_path).splitlines()[1:]
    assert len(lines) == 3 and all(line.startswith("  quartic ") for line in lines)
    done = run_lines(lines, tmp_path)
    assert done.returncode == 0 and "15360 x 16 from " in done.stdout, done.stderr
    (next_line,) = said("init", kind, "-o", "a.toml", cwd=tmp_path).splitlines()
    assert next_line == "written to a.toml; next: quartic validate a.toml"
    (tmp_path / "sample.h5").unlink()
    assert len(said("init", kind, "-o", "b.toml", cwd=tmp_path).splitlines()) == 3  # sample.toml is there
    mine = said("init", kind, "-o", "c.toml", "--set", "data.path=mine.npy", cwd=tmp_path)
    assert mine.startswith("written to c.toml; once ") and "mine.npy is there: quartic validate c.toml" in mine


def test_a_stack_to_begin_from_knows_its_data_better_than_a_gaussian(tmp_path):
    """Of the example's signs, which leave every layer something to learn, and of a table of one's own."""
    run_lines(said("init", "stack", "-o", "stack.toml", cwd=tmp_path).splitlines()[1:], tmp_path)
    rng = np.random.default_rng(1)
    parts = rng.normal(0, 1, (3, 6))[rng.integers(0, 3, 3000)] * 2
    np.save(tmp_path / "own.npy", parts + rng.normal(0, 0.4, parts.shape))
    np.save(tmp_path / "twice.npy", np.hstack([parts[:400], parts[:400]]))  # which cannot be whitened
    said("init", "stack", "--data", "own.npy", "-o", "own.toml", cwd=tmp_path)
    assert tomllib.loads((tmp_path / "own.toml").read_text())["data"]["scaling"] == "whiten"
    for name in ("stack", "own"):
        said("fit", f"{name}.toml", "--quiet", "--set", "data.rows=6000", cwd=tmp_path)
        assert "checks passed" in said("diagnose", f"{name}.h5", cwd=tmp_path)
    said("init", "stack", "--data", "twice.npy", "-o", "twice.toml", cwd=tmp_path)
    assert tomllib.loads((tmp_path / "twice.toml").read_text())["data"]["scaling"] == "standardise"
    said("validate", "twice.toml", cwd=tmp_path)


def test_init_writes_to_standard_output_or_where_nothing_is(tmp_path):
    text = said("init", "learn", cwd=tmp_path)
    assert text.startswith("#:schema ./quartic.schema.json\n") and tomllib.loads(text)["target"][0]["term"] == "nn"
    assert text.replace("learn.toml", "a.toml").replace("learn.h5", "a.h5") == (
        said("init", "learn", "-o", "a.toml", cwd=tmp_path) and (tmp_path / "a.toml").read_text()
    )
    refused(quartic("init", "sample", "-o", "a.toml", cwd=tmp_path), 3, "exists already", tmp_path, ("a.toml",))
    said("init", "sample", "-o", "a.toml", "--force", "--set", "graph.extent=[6,6]", cwd=tmp_path)
    assert tomllib.loads((tmp_path / "a.toml").read_text())["graph"]["extent"] == [6, 6]


def test_init_makes_a_graph_for_the_data(tmp_path):
    rng = np.random.default_rng(0)
    for name, shape, lattice, extent in (
        ("images", (20, 3, 5), "square", [3, 5]), ("table", (20, 4), "complete", [4]), ("wide", (20, 70), "chain", [70])
    ):  # fmt: skip
        np.save(tmp_path / f"{name}.npy", rng.normal(size=shape))
        (tmp_path / "at").mkdir(exist_ok=True)
        said("init", "field", "--data", f"{name}.npy", "-o", f"at/{name}.toml", cwd=tmp_path)
        config = tomllib.loads((tmp_path / f"at/{name}.toml").read_text())
        assert config["data"]["path"] == f"../{name}.npy"
        assert (config["graph"]["lattice"], config["graph"]["extent"]) == (lattice, extent)
        said("validate", f"at/{name}.toml", cwd=tmp_path)
    done = quartic("init", "sample", "--data", "table.npy", cwd=tmp_path)
    assert done.returncode == 2 and "--data is not for sample" in done.stderr
    assert "table.npy" in said("init", "network", "--data", "table.npy", cwd=tmp_path)
    assert "cannot read" in quartic("init", "field", "--data", "none.npy", cwd=tmp_path).stderr


TABLE = "date,station,count,humidity,wind\n" + "".join(
    f"2026-01-{day:02d},Bern,{day},{day % 7 + 0.5},{day % 5 - 0.25}\n" for day in range(1, 31)
)


def test_init_leaves_out_of_a_table_what_is_no_data(tmp_path):
    """Text and an index, so that the config runs; what the user chooses stays."""
    (tmp_path / "table.csv").write_text(TABLE)
    done = quartic("init", "network", "--data", "table.csv", "-o", "a.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert "leaves out 0 (date), 1 (station): text" in done.stderr and "2 (count): an index" in done.stderr
    text = (tmp_path / "a.toml").read_text()
    assert tomllib.loads(text)["data"]["columns"] == ["humidity", "wind"] and "init sample" not in text
    assert "30 x 2 from table.csv" in said("validate", "a.toml", cwd=tmp_path)
    chosen = said("init", "field", "--data", "table.csv", "--set", "data.columns=count,wind", cwd=tmp_path)
    assert tomllib.loads(chosen)["data"]["columns"] == "count,wind"
    assert tomllib.loads(chosen)["graph"]["extent"] == [2]
    (tmp_path / "table.csv").write_text(TABLE.replace("0.5,", ",", 1))
    done = quartic("init", "network", "--data", "table.csv", cwd=tmp_path)
    assert done.returncode == 3 and done.stderr.rstrip().endswith('complete are [data] columns = ["wind"]')


def test_init_names_what_was_meant(tmp_path):
    for word, code, hint in (("netwrk", 2, "'network'"), ("fit", 2, "quartic init field")):
        done = quartic("init", word, cwd=tmp_path)
        assert done.returncode == code and hint in done.stderr


# --- help, slips -----------------------------------------------------------------------------------


def test_help_fits_its_terminal_and_has_every_verb(tmp_path):
    known = verbs(tmp_path)
    assert len(known) == len(set(known)) >= 21 and {"init", "learn", "score", "completion", "man"} <= set(known)
    for verb in [None, *known]:
        text = said(*([verb] if verb else []), "--help", cwd=tmp_path)
        assert max(map(len, text.splitlines())) <= 100, text
        assert "--max-memory" in text and "-o, --output FILE" in text
    assert said("help", "learn", cwd=tmp_path) == said("learn", "--help", cwd=tmp_path)
    assert said("help", cwd=tmp_path) == said("--help", cwd=tmp_path)


def test_the_examples_of_the_help_have_options_that_there_are(tmp_path):
    found = 0
    for verb in verbs(tmp_path):
        text = said(verb, "--help", cwd=tmp_path)
        for example in re.findall(r"^  quartic (.*)$", text.partition("\nfor example\n")[2], re.MULTILINE):
            found += 1
            assert example.split()[0] == verb
            for option in re.findall(r"(?<= )--?[a-z-]+", example):
                assert re.search(rf"(?<![a-z-]){option}(?![a-z-])", text.partition("\nfor example\n")[0]), example
    assert found > 15


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        (["lern"], "there is no verb 'lern'", "'learn'"),
        ([], "a verb is missing", "quartic --help"),
        (["learn"], "CONFIG is required", "quartic learn --help"),
        (["init"], "KIND is required", "one of: sample, learn, field, network"),
        (["plot", "a.h5", "--formt", "pdf"], "there is no option --formt of plot", "'--format'"),
        (["learn", "a.toml", "--epochs", "3"], "there is no option --epochs of learn", "--set learn.epochs=..."),
        (["fit", "a.toml", "--hidden-unit", "3"], "of fit", "--set model.hidden_units=..."),
        (["plot", "a.h5", "--format", "jpg"], "--format: cannot be 'jpg'", "quartic plot --help"),
        (["data", "a.csv", "--held-out", "1"], "must be a number from 0 to 0.99, not '1'", "quartic data --help"),
        (["--hlp"], "there is no option --hlp", "'--help'"),
    ],
)
def test_a_slip_is_named_with_what_was_meant(tmp_path, arguments, what, hint):
    done = quartic(*arguments, cwd=tmp_path)
    refused(done, 2, what, tmp_path, ())
    assert hint in done.stderr.splitlines()[1]


# --- completion ------------------------------------------------------------------------------------


def completed(folder, *words, **options):
    """What bash offers where the cursor is at the end of `quartic` and these words, split as bash splits them."""
    script = 'source <("$1" completion bash); COMP_WORDS=("${@:1}"); COMP_CWORD=$(($# - 1)); _quartic "$1"; '
    script += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", QUARTIC, *words], cwd=folder, text=True, capture_output=True, check=False,
        **options,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.stdout.split()


def test_bash_completes_verbs_options_values_and_files(tmp_path):
    for name in ("a.toml", "a.h5", "a.csv", "b.h5"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    assert completed(tmp_path, "") == verbs(tmp_path)
    assert completed(tmp_path, "le") == ["learn"]
    for verb in ("learn", "reweight", "generate"):
        assert set(options(tmp_path, verb)) < set(completed(tmp_path, verb, "--"))
    assert completed(tmp_path, "learn", "--max") == ["--max-hours", "--max-memory"]
    assert completed(tmp_path, "--seed", "3", "sa") == ["sample"]
    assert completed(tmp_path, "init", "") == list(KINDS)
    assert completed(tmp_path, "plot", "a.h5", "--format", "p") == ["png", "pdf"]
    assert completed(tmp_path, "plot", "a.h5", "--format", "=", "s") == ["svg"]
    assert sorted(completed(tmp_path, "learn", "")) == ["a.h5", "a.toml", "b.h5", "folder"]
    assert sorted(completed(tmp_path, "show", "")) == ["a.h5", "b.h5", "folder"]
    assert completed(tmp_path, "score", "a.h5", "a.c") == ["a.csv"]
    assert completed(tmp_path, "reweight", "a.h5", "b") == ["b.h5"]
    assert completed(tmp_path, "judge", "x.npy", "--action", "a.t") == ["a.toml"]
    assert completed(tmp_path, "fit", "a.toml", "--set", "model.h") == ["model.hidden=", "model.hidden_units="]
    units = ["quartic", "gaussian", "binary", "spin"]
    assert completed(tmp_path, "fit", "a.toml", "--set", "model.hidden", "=") == units
    assert completed(tmp_path, "fit", "a.toml", "--set", "model.hidden", "=", "b") == ["binary"]
    assert completed(tmp_path, "graph", "--lattice", "ki") == ["king"]
    assert completed(tmp_path, "learn", "a.toml", "nothing", "") == []
    assert "complete" not in verbs(tmp_path)


def test_bash_completes_in_the_home_folder_and_behind_an_option(tmp_path):
    """Folders, too, though what is typed is ~; and nothing that a name holds is run."""
    (tmp_path / "runs").mkdir()
    for name in ("a.h5", "a.csv", "x;touch bad.h5"):
        (tmp_path / name).touch()
    home = {"env": {**os.environ, "HOME": str(tmp_path)}}
    found = completed(Path("/"), "show", "~/", **home)
    assert {"~/runs", "~/a.h5"} < set(found) and "~/a.csv" not in found
    assert completed(Path("/"), "show", "~/r", **home) == ["~/runs"]
    assert completed(tmp_path, "show", "--output", "=", "a.c") == ["a.csv"]
    assert not (tmp_path / "bad.h5").exists()


IN_ZSH = """
PROMPT="% "
autoload -Uz compinit; compinit -D -u
source <(quartic completion zsh)
compadd() {  # what is offered, not what _files asks for itself
  local -a hits
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then builtin compadd -A hits "$@"; print -rl -- $hits >>offered; fi
  builtin compadd "$@"
}
offer() { zle list-choices; : >done }
zle -N offer; bindkey "^X" offer
: >ready
"""


def in_zsh(folder, line):
    """What zsh offers at the end of a line, typed into it on a terminal."""
    (folder / ".zshrc").write_text(IN_ZSH)
    for name in ("offered", "done", "ready"):
        (folder / name).unlink(missing_ok=True)
    master, slave = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-i"], cwd=folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env={**os.environ, "PATH": SHELL_PATH, "HOME": str(folder), "ZDOTDIR": str(folder), "TERM": "xterm"},
    )  # fmt: skip
    os.close(slave)
    deadline = time.monotonic() + 60
    try:
        for name, typed in (("ready", f"{line}\x18"), ("done", "")):
            while not (folder / name).exists():
                assert time.monotonic() < deadline and shell.poll() is None, line
                if select.select([master], [], [], 0.02)[0]:
                    os.read(master, 65536)
            os.write(master, typed.encode())
    finally:
        shell.kill()
        shell.wait()
        os.close(master)
    found = (folder / "offered").read_text() if (folder / "offered").exists() else ""
    return sorted(filter(None, found.replace("\\", "").splitlines()))


def in_fish(folder, line):
    """What fish offers at the end of a line."""
    done = subprocess.run(
        ["fish", "--no-config", "-c", "quartic completion fish | source; complete -C $argv[1]", line],
        cwd=folder, text=True, capture_output=True, check=False,
        env={**os.environ, "PATH": SHELL_PATH, "HOME": str(folder)},
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return sorted(word.split("\t")[0].rstrip("/") for word in done.stdout.splitlines())


SHELL_PATH = f"{Path(QUARTIC).parent if QUARTIC else '.'}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_complete_verbs_options_values_and_files(tmp_path, shell):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    offered = {"zsh": in_zsh, "fish": in_fish}[shell]
    here = tmp_path / "here"
    here.mkdir()
    for name in ("a.toml", "a.h5", "a.csv", "my run.h5"):
        (here / name).touch()
    (here / "folder").mkdir()
    glued = "--output=" if shell == "fish" else ""  # zsh puts it before what is offered
    for line, words in {
        "sam": ["sample"],
        "--seed 3 sa": ["sample"],
        "learn --max": ["--max-hours", "--max-memory"],
        "plot a.h5 --format ": ["pdf", "png", "svg"],
        "fit a.toml --set model.hidden": ["model.hidden=", "model.hidden_units="],
        "graph --lattice ki": ["king"],
        "learn ": ["a.h5", "a.toml", "folder", "my run.h5"],
        "show a": ["a.h5"],
        "show my": ["my run.h5"],
        "score a.h5 a.c": ["a.csv"],
        "show --output=a.c": [f"{glued}a.csv"],
    }.items():
        assert offered(here, f"quartic {line}") == words, line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_read_by_their_shells(tmp_path, shell):
    script = said("completion", shell, cwd=tmp_path)
    if program := shutil.which(shell):
        done = subprocess.run([program, "-n", "/dev/stdin"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0 and not done.stderr
    said("completion", shell, "-o", "script", cwd=tmp_path)
    assert (tmp_path / "script").read_text() == script
    refused(quartic("completion", shell, "-o", "script", cwd=tmp_path), 3, "exists already", tmp_path, ("script",))


# --- man pages -------------------------------------------------------------------------------------


def test_man_pages_hold_what_the_help_says(tmp_path):
    said("man", "-o", "man", cwd=tmp_path)
    known = verbs(tmp_path)
    pages = {page.name: page.read_text() for page in (tmp_path / "man").iterdir()}
    assert pages.keys() == {"quartic.1", "quartic-config.5", *(f"quartic-{verb}.1" for verb in known)}
    for verb in known:
        assert pages[f"quartic-{verb}.1"] == said("man", verb, cwd=tmp_path)
        shown = pages[f"quartic-{verb}.1"].replace("\\-", "-")
        assert all(option in shown for option in [*options(tmp_path, verb), "--max-memory"])
        assert f"quartic-{verb} (1)" in pages["quartic.1"].replace("\\-", "-")
    assert pages["quartic-config.5"].count("\n.TP\n") > 120
    assert pages["quartic.1"] == said("man", cwd=tmp_path)


def test_man_pages_are_typeset_without_a_warning(tmp_path):
    if not shutil.which("groff"):
        pytest.skip("no groff here")
    said("man", "-o", "man", cwd=tmp_path)
    for page in sorted((tmp_path / "man").iterdir()):
        done = subprocess.run(
            ["groff", "-ww", "-man", "-Tutf8", page], text=True, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0 and not done.stderr, done.stderr


def test_exit_codes_are_those_of_the_page(tmp_path):
    page = (Path(__file__).parents[2] / "docs/exit-codes.md").read_text()
    rows = re.findall(r"^\| (\d) \| ([a-z ]+) \| (.*) \|$", page, re.MULTILINE)
    text = said("man", cwd=tmp_path).replace("\\-", "-").replace("\\(dq", '"')
    written = re.findall(r"^\.TP\n\.B (\d)\n([a-z ]+): (.*)$", text, re.MULTILINE)
    assert len(rows) == 7 and written == rows
