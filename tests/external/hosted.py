"""The files for GitHub and for releases: workflows and action held to their public schemas, the action's own steps run by
bash, an archive packed and looked into."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import yaml

from census import PROGRAM, expect, main

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"


def check(schema, *files):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    return subprocess.run(command, capture_output=True, text=True)


def files_fit_their_schemas(figures):
    """The schemas take the files, and refuse them when a key is changed."""
    for schema, files, key in [("vendor.github-workflows", WORKFLOWS, "jobs"), ("vendor.github-actions", [ACTION], "runs")]:
        for file in files:
            done = check(schema, file)
            expect(done.returncode == 0, f"{file.name}: {done.stdout}{done.stderr}")
            with tempfile.TemporaryDirectory() as folder:
                wrong = Path(folder, file.name)
                wrong.write_text(re.sub(rf"^{key}:", f"{key}s:", file.read_text(), flags=re.M))
                expect(check(schema, wrong).returncode == 1, f"{schema} takes {file.name} without `{key}`")
            figures["files"] += 1


def steps():
    for file in WORKFLOWS:
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            yield from job["steps"]
    yield from yaml.safe_load(ACTION.read_text())["runs"]["steps"]


def steps_are_shell(figures):
    """Every step that is run can be read by bash, and takes nothing of GitHub's into its text but fixed words."""
    for step in steps():
        if "run" not in step:
            continue
        inserted = set(re.findall(r"\$\{\{ *(.*?) *\}\}", step["run"]))
        expect(inserted <= {"matrix.target"}, f"{inserted} would be run as text: hand it over by `env`")
        done = subprocess.run(["bash", "-n"], input=step["run"], capture_output=True, text=True)
        expect(done.returncode == 0, f"{step}: {done.stderr}")
        figures["steps"] += 1


def run_step(name, folder, **environment):
    """Runs a step of the action as GitHub does; returns its exit code and what it put out."""
    step = next(step for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if step["name"] == name)
    put_out = {kind: folder / kind.lower() for kind in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
    for file in put_out.values():
        file.write_text("")
    expect(set(environment) == set(step["env"]) - {"GH_TOKEN"}, f"{name} wants {sorted(step['env'])}")
    surroundings = {"PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}", "HOME": str(folder)}
    surroundings |= {**environment, **{kind: str(file) for kind, file in put_out.items()}}
    script = folder / "step.sh"
    script.write_text(step["run"])
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", script]
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True)
    return done, {kind: file.read_text() for kind, file in put_out.items()}


def the_action_collects(figures):
    """The action tells the exit code and shows the ranking; a wrong survey fails it."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        common = dict(DIR="here", SUMMARY="true", RANKING=str(folder / "ranking.md"))
        replay = "--replay\ncodingnomads-2023\n\n--out\nthe ranking.csv\n"
        for survey in ("", "backend-frameworks"):
            done, out = run_step("Collect", folder, SURVEY=survey, ARGUMENTS=replay, **common)
            expect((done.returncode, out["GITHUB_OUTPUT"]) == (0, "code=0\n"), f"{done}")
            expect("| Spring |" in out["GITHUB_STEP_SUMMARY"], f"no ranking: {out}")
            expect((folder / "the ranking.csv").is_file(), "arguments may have spaces")
        done, out = run_step("Collect", folder, SURVEY="nothing", ARGUMENTS="", **common)
        expect((done.returncode, out["GITHUB_OUTPUT"]) == (2, "code=2\n"), f"{done}")
        expect(out["GITHUB_STEP_SUMMARY"] == "", out["GITHUB_STEP_SUMMARY"])
        figures["runs of the action"] += 3


def the_action_installs(figures, archive):
    """A release is downloaded and its sum looked at; what is none is built from the action's own source."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        name = archive.name.removesuffix(".tar.gz")
        version = re.fullmatch(r"repo-census-(.*)-x86_64-unknown-linux-gnu", name)[1]
        release = folder / f"server/us/repo-census/releases/download/v{version}"
        release.mkdir(parents=True)
        shutil.copyfile(archive, release / archive.name)
        sums = subprocess.run(["sha256sum", archive.name], cwd=release, capture_output=True, text=True, check=True).stdout
        common = dict(REPOSITORY="us/repo-census", SERVER=f"file://{folder}/server", SOURCE=str(ROOT), SYSTEM="Linux-X64")
        for (kind, told), code in {("good", sums): 0, ("bad", "0" * 64 + sums[64:]): 1}.items():
            (release / "SHA256SUMS").write_text(told)
            bin = folder / kind
            done, out = run_step("Install repo-census", folder, REF=f"v{version}", BIN=str(bin), **common)
            expect(done.returncode == code, f"{kind}: {done}")
            expect((bin / "repo-census").exists() == (code == 0), f"{kind}: {sorted(bin.iterdir())}")
            expect(out["GITHUB_PATH"] == (f"{bin}\n" if code == 0 else ""), out["GITHUB_PATH"])
        # A cargo that only says what it was asked for.
        cargo = folder / "home/cargo"
        cargo.parent.mkdir()
        cargo.write_text(f'#!/bin/sh\necho "$*" >{folder}/asked\nmkdir -p "$6/bin"\ntouch "$6/bin/repo-census"\n')
        cargo.chmod(0o755)
        path, os.environ["PATH"] = os.environ["PATH"], f"{cargo.parent}:{os.environ['PATH']}"
        for ref in ("main", "v9.9.9"):
            done, _ = run_step("Install repo-census", folder, REF=ref, BIN=str(folder / ref), **common)
            expect(done.returncode == 0 and (folder / ref / "repo-census").exists(), f"{done}")
            asked = (folder / "asked").read_text()
            expect(asked == f"install --locked --path {ROOT} --root {folder / ref}/built\n", asked)
        os.environ["PATH"] = path
        figures["installs"] += 4


def pack(folder):
    """Packs an archive into a folder; returns the archive."""
    command = [sys.executable, ROOT / ".ci/archive", "x86_64-unknown-linux-gnu", PROGRAM]
    subprocess.run(command, env={**os.environ, "ARCHIVES": folder}, check=True, capture_output=True)
    return next(Path(folder).iterdir())


def an_archive_has_everything(figures, archive):
    """Program, documents, manual pages, completions, and a licence of every library."""
    with tarfile.open(archive) as archive:
        outermost = archive.getnames()[0].partition("/")[0]
        names = [name.partition("/")[2] for name in archive.getnames()]
        program = archive.getmember(f"{outermost}/repo-census")
        libraries = archive.extractfile(f"{outermost}/licences/LIBRARIES.txt").read().decode().splitlines()
    expect(program.mode & 0o111 == 0o111, "the program can be run")
    for wanted in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "docs/guide.md", "man/repo-census-collect.1",
                   "completions/repo-census.bash", "completions/_repo-census", "licences/Arimo-OFL.txt"]:
        expect(wanted in names, f"{wanted} is missing")
    expect(len(libraries) > 100, f"{len(libraries)} libraries")
    without = [line for line in libraries if line.endswith("(no text of its own)")]
    expect(not without, f"no licence text: {without}")
    figures["libraries"] += len(libraries)


def licence_by_text(package):
    """Names the licence of a library that has but a file of it, if the file can be told."""
    file = package["license_file"] and Path(package["manifest_path"]).parent / package["license_file"]
    is_mit = file and "Permission is hereby granted, free of charge" in file.read_text()
    return "MIT" if is_mit else "none"


def licences_are_allowed(figures):
    """Every library of every system, also those that only tests use, has a licence that `deny.toml` allows."""
    listed = re.search(r"^allow = \[(.*?)^\]", (ROOT / "deny.toml").read_text(), flags=re.M | re.S)
    allowed = set(re.findall(r'"(.*?)"', listed[1]))
    done = subprocess.run(["cargo", "metadata", "--locked", "--format-version", "1"], cwd=ROOT, capture_output=True, text=True)
    expect(done.returncode == 0, done.stderr)

    def fits(terms):
        # Of an expression in brackets the words between them are terms of their own; `OR` binds loosest.
        return any(all(part.strip() in allowed for part in term.split(" AND ")) for term in terms.split(" OR "))

    for package in json.loads(done.stdout)["packages"]:
        terms = (package["license"] or licence_by_text(package)).replace("/", " OR ")
        terms = re.sub(r"\(([^()]*)\)", lambda inner: sorted(allowed)[0] if fits(inner[1]) else "none", terms)
        expect(fits(terms), f"{package['name']} {package['version']}: `{package['license']}` is not in deny.toml")
        figures["licences"] += 1


def perform():
    figures = Counter()
    files_fit_their_schemas(figures)
    steps_are_shell(figures)
    licences_are_allowed(figures)
    the_action_collects(figures)
    with tempfile.TemporaryDirectory() as folder:
        archive = pack(folder)
        an_archive_has_everything(figures, archive)
        the_action_installs(figures, archive)
    return ", ".join(f"{number} {what}" for what, number in figures.items())


if __name__ == "__main__":
    main("hosted", perform)
