"""What `template` prints, given to those who read it: systemd's own checks and calendar, the public schemas of
workflows and Kubernetes, and bash, which runs the steps of the workflow against a remote that refuses pushes."""

import json
import shutil
import stat
import subprocess
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import yaml
from cronsim import CronSim

from census import LONG, PROGRAM, Github, Workdir, expect, main

SCHEMAS = Path(__file__).resolve().parents[1] / "data/schemas"
FRAMEWORKS = 4
HOSTILE = ["plain", "with space", "it's", 'say "hi"', "100%d of %h", "back\\slash", "a;b&c|d#e", "größe: 名前"]
# Lines without moments that daylight saving skips or doubles in these zones.
LINES = ["17 6 * * *", "0 6,18 * * 1-5", "*/20 9-17 * * *", "5 4 13 * 5", "30 12 1,15 1,7 *", "0 12 29 2 *",
         "@weekly", "59 23 31 12 *", "7 * * * 0", "0 22 * * 7"]
ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]
MOMENTS = 200 if LONG else 40
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=timezone.utc)


def schedule(line, zone="UTC"):
    return f'[schedule]\ncron = "{line}"\ntimezone = "{zone}"\n'


def units(workdir, *arguments):
    workdir.run("template", "systemd", "mine", "--quiet", "--out", "units/", *arguments).expect(0)
    folder = workdir.folder / "units"
    return [folder / f"repo-census-mine.{kind}" for kind in ("service", "timer")]


def systemd_reads_units(figures):
    """Units with odd folders, and with a program in an odd folder, are what systemd takes them for."""
    for name in HOSTILE:
        with tempfile.TemporaryDirectory(prefix="repo-census-") as made:
            root = Path(made) / name
            with Workdir(FRAMEWORKS, folder=root, more=schedule("17 6 * * 1", "Europe/Berlin")) as workdir:
                (root / "token").write_text("ghp_external")
                token = Path(made) / "token %"
                token.write_text("ghp_external")
                arguments = ["template", "systemd", "mine", "--quiet", "--dir", root, "--token-file", token]
                arguments += ["--out", f"{made}/units/"]
                # systemd-analyze looks whether the program is there and can be run.
                program = root / "repo-census"
                shutil.copy(PROGRAM, program)
                run = [program, *arguments]
                done = subprocess.run(run, env=workdir.environment(), cwd=root, capture_output=True, text=True)
                if any(odd in name for odd in "'\"\\"):
                    told = "cannot be started by systemd" in done.stderr
                    expect(done.returncode == 2 and told, f"`{name}` is not refused: {done}")
                    program = Path(made) / "repo-census"
                    shutil.copy(PROGRAM, program)
                    run = [program, *arguments]
                    subprocess.run(run, env=workdir.environment(), cwd=root, check=True)
                else:
                    expect(done.returncode == 0, f"`{name}`: {done.stderr}")
                files = sorted(Path(made, "units").iterdir())
                done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True)
                expect((done.returncode, done.stderr) == (0, ""), f"`{name}`: {done.stderr}\n{files[0].read_text()}")
                # A check that cannot fail is none.
                program.rename(Path(made) / "away")
                done = subprocess.run(["systemd-analyze", "verify", files[0]], capture_output=True, text=True)
                expect(done.returncode != 0 and "not executable" in done.stderr, f"not looked at: {done.stderr}")
                figures["units"] += len(files)


def calendar(events, now=NOW):
    """Returns the next moments at which systemd's calendar is due."""
    moments = set()
    for event in events:
        command = ["systemd-analyze", "calendar", f"--iterations={MOMENTS}", f"--base-time=@{int(now.timestamp())}"]
        # Without the UTC of the environment the moments would be told in another zone.
        done = subprocess.run(
            [*command, event], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "LANG": "C"}
        )
        expect(done.returncode == 0, f"`{event}`: {done.stderr}")
        for line in done.stdout.splitlines():
            key, _, value = line.strip().partition(": ")
            if key == "Next elapse" or key.startswith("Iter"):
                if value.strip() == "never":
                    continue
                _, day, time, zone = value.split()
                expect(zone == "UTC", f"`{event}` is told in {zone}")
                moments.add(datetime.fromisoformat(f"{day}T{time}+00:00"))
    return sorted(moments)[:MOMENTS]


def systemd_is_due_when_cron_is(figures):
    for zone in ZONES:
        for line in LINES:
            with Workdir(FRAMEWORKS, more=schedule(line, zone)) as workdir:
                timer = units(workdir, "--no-token")[1].read_text()
                events = [row.split("=", 1)[1] for row in timer.splitlines() if row.startswith("OnCalendar=")]
                due = calendar(events)
                simulated = CronSim(line.replace("@weekly", "0 0 * * 0"), NOW.astimezone(ZoneInfo(zone)))
                expected = [next(simulated).astimezone(timezone.utc) for _ in due]
                expect(due and due == expected, f"`{line}` {zone} as {events}: {due[:3]} instead of {expected[:3]}")
                figures["moments"] += len(due)


def systemd_makes_up_for_skipped_hours(figures):
    """Where clocks skip the hour in which a run is due, it comes within the next one."""
    for zone, day in (("Europe/Berlin", "2027-03-20"), ("America/New_York", "2027-03-05"), ("Africa/Cairo", "2027-04-20")):
        for line in ("30 2 * * *", "5 0 * * *"):
            with Workdir(FRAMEWORKS, more=schedule(line, zone)) as workdir:
                timer = units(workdir, "--no-token")[1].read_text()
                events = [row.split("=", 1)[1] for row in timer.splitlines() if row.startswith("OnCalendar=")]
                now = datetime.fromisoformat(f"{day}T12:00:00+00:00")
                due = calendar(events, now)
                simulated = CronSim(line, now.astimezone(ZoneInfo(zone)))
                for _ in range(15):
                    expected = next(simulated).astimezone(timezone.utc)
                    behind = [moment for moment in due if 0 <= (moment - expected).total_seconds() <= 3600]
                    expect(behind, f"`{line}` {zone}: nothing at {expected}")
                    figures["moments"] += 1


def load(text):
    """Reads YAML; its old version takes the word `on` for a truth value."""
    documents = list(yaml.safe_load_all(text))
    for document in documents:
        if True in document:
            document["on"] = document.pop(True)
    return documents


def schemas_accept(figures):
    workflow = json.loads((SCHEMAS / "github-workflow.json").read_text())
    kubernetes = json.loads((SCHEMAS / "kubernetes-1.37.json").read_text())
    kinds = {"CronJob": "batch.v1.CronJob", "ConfigMap": "core.v1.ConfigMap"}
    kinds["PersistentVolumeClaim"] = "core.v1.PersistentVolumeClaim"
    surveys = [schedule("17 6 * * *"), schedule("5 4 13 * 5", "Europe/Berlin"), schedule("*/20 * * * *") + "\n\n"]
    surveys.append('[[notes]]\ndate = "2026-11-21"\ntext = "a: b # c ' + "\\u00e9 \\\\ <NAME> <SURVEY>" + '"\n' + surveys[0])
    for more in surveys:
        for token in ([], ["--no-token"]):
            with Workdir(FRAMEWORKS, more=more) as workdir:
                text = workdir.run("template", "github-actions", "mine", *token).expect(0).stdout
                [document] = load(text)
                jsonschema.Draft7Validator(workflow).validate(document)
                text = workdir.run("template", "kubernetes", "mine", *token).expect(0).stdout
                documents = {document["kind"]: document for document in load(text)}
                expect(sorted(documents) == sorted(kinds), f"it has {list(documents)}")
                for kind, document in documents.items():
                    schema = kubernetes | {"$ref": f"#/definitions/io.k8s.api.{kinds[kind]}"}
                    jsonschema.Draft202012Validator(schema).validate(document)
                    # Strict: a wrong word is seen.
                    wrong = document | {"spec": {"schedul": "x"}, "dat": {}}
                    expect(not jsonschema.Draft202012Validator(schema).is_valid(wrong), f"{kind} takes anything")
                survey = (workdir.folder / "config/surveys/mine.toml").read_text()
                expect(documents["ConfigMap"]["data"] == {"mine.toml": survey}, "the survey is another one")
                pod = documents["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
                arguments = pod["containers"][0]["args"]
                expect(("--no-token" in arguments) == bool(token), f"{arguments}")
                mounts = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
                expect(mounts == {volume["name"] for volume in pod["volumes"]}, f"{mounts}")
                figures["documents"] += 1 + len(documents)


class Runner:
    """Runs the steps of a workflow as GitHub does: bash, a step after the other, in a fresh checkout."""

    def __init__(self, folder, workdir, workflow):
        self.folder, self.workdir = folder, workdir
        [document] = load(workflow)
        self.job, self.variables = document["jobs"]["collect"], document["env"]
        self.programs = folder / "programs"
        self.programs.mkdir()
        (self.programs / "repo-census").symlink_to(PROGRAM)
        # The pauses between pushes are taken as read.
        sleep = self.programs / "sleep"
        sleep.write_text(f"#!/bin/sh\necho \"$1\" >>'{folder}/pauses'\n")
        sleep.chmod(0o755)
        self.remote = folder / "remote.git"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", self.remote)
        source = folder / "source"
        self.git("clone", "--quiet", self.remote, source)
        shutil.copytree(workdir.folder / "config", source / "config")
        self.git("add", "--all", cwd=source)
        self.git("commit", "--quiet", "--message", "A survey", cwd=source)
        self.git("push", "--quiet", "origin", "HEAD:main", cwd=source)

    def environment(self, **more):
        who = {f"GIT_{role}_{what}": "someone@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        path = f"{self.programs}:/usr/bin:/bin"
        return self.workdir.environment(GIT_CONFIG_GLOBAL="/dev/null", **who, **more) | {"PATH": path}

    def git(self, *arguments, cwd=None):
        words = ["git", *map(str, arguments)]
        done = subprocess.run(words, cwd=cwd, env=self.environment(), capture_output=True, text=True)
        expect(done.returncode == 0, f"`git {arguments[0]}`: {done.stderr}")
        return done.stdout

    def run(self):
        """Returns the exit code of the job, and what its steps said."""
        checkout = Path(tempfile.mkdtemp(dir=self.folder))
        self.git("clone", "--quiet", "--depth=1", f"file://{self.remote}", checkout / "work")
        outputs, said, failed = {}, "", False
        for step in self.job["steps"]:
            condition, script = step.get("if", "success()"), step.get("run")
            if script is None or "cargo install" in script or (failed and condition != "always()"):
                continue
            script = script.replace("${{ steps.collect.outputs.code }}", outputs.get("code", ""))
            expect("${{" not in script, f"not filled in: {script}")
            file = checkout / "outputs"
            file.write_text("")
            env = self.environment(GITHUB_OUTPUT=str(file), **self.variables)
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                cwd=checkout / "work", env=env, capture_output=True, text=True, timeout=60,
            )
            said += done.stdout + done.stderr
            outputs |= dict(line.split("=", 1) for line in file.read_text().splitlines())
            failed = failed or done.returncode != 0
        return (done.returncode if not failed or done.returncode else 1), said

    def refuse_pushes(self, times):
        """Has the remote refuse so many pushes."""
        hook = self.remote / "hooks/pre-receive"
        counter = self.folder / "refused"
        counter.write_text(str(times))
        hook.write_text(
            f"#!/bin/sh\nleft=$(cat '{counter}')\n[ \"$left\" -gt 0 ] || exit 0\n"
            f"echo $((left - 1)) >'{counter}'\nexit 1\n"
        )
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR)

    def branch(self):
        files = self.git("ls-tree", "-r", "--name-only", "census-data", cwd=self.remote).split()
        history = self.git("show", "census-data:output/mine/history.csv", cwd=self.remote)
        return files, history.count("\n") - 1


def workflow_keeps_history(figures):
    more = '[schedule]\ncron = "* * * * *"\n[after_run]\nwrite = ["ranking.md"]\n'
    with tempfile.TemporaryDirectory(prefix="repo-census-") as made:
        with Workdir(FRAMEWORKS, Github(), more=more) as workdir:
            workflow = workdir.run("template", "github-actions", "mine").expect(0).stdout
            # Each run in a period of its own.
            runner = Runner(Path(made), workdir, workflow.replace("--once", ""))
            code, said = runner.run()
            expect(code == 0, f"the first run: {said}")
            kept = [".gitignore", "output/mine/health.json", "output/mine/history.csv", "output/mine/ranking.md"]
            files, rows = runner.branch()
            expect((files, rows) == (kept, FRAMEWORKS), f"the branch has {files}, {rows} rows")

            # The branch moves on between fetch and push, and pushes are refused for a while.
            hook = runner.remote / "hooks/pre-receive"
            marker = Path(made) / "moved"
            elsewhere = Path(made) / "elsewhere"
            runner.git("clone", "--quiet", "--branch=census-data", runner.remote, elsewhere)
            (elsewhere / "output/other").mkdir(parents=True)
            (elsewhere / "output/other/file").write_text("x\n")
            runner.git("add", "--all", cwd=elsewhere)
            runner.git("commit", "--quiet", "--message", "Another survey", cwd=elsewhere)
            sleep = runner.programs / "sleep"
            plain = sleep.read_text()
            # In the first pause the other push gets through.
            sleep.write_text(
                plain + f"[ -e '{marker}' ] || {{ touch '{marker}'; rm -f '{hook}'; "
                f"git -C '{elsewhere}' push --quiet origin HEAD:census-data; }}\n"
            )
            runner.refuse_pushes(1)
            code, said = runner.run()
            expect(code == 0 and marker.exists(), f"with a moving branch: {said}")
            sleep.write_text(plain)
            files, rows = runner.branch()
            expect(files == sorted([*kept, "output/other/file"]), f"the branch has {files}")
            expect(rows == 2 * FRAMEWORKS, f"{rows} rows")
            figures["pushes"] += 2

            # A run that is not finished is kept, then it fails with its code.
            workdir.github = Github(refused="f2 is:public")
            code, said = runner.run()
            files, rows = runner.branch()
            expect((code, rows) == (3, 3 * FRAMEWORKS), f"{code}, {rows} rows: {said}")
            figures["pushes"] += 1

            # A remote that refuses for good: told, and not lost in silence.
            (Path(made) / "pauses").write_text("")
            runner.refuse_pushes(99)
            workdir.github = Github()
            code, said = runner.run()
            pauses = (Path(made) / "pauses").read_text().split()
            expect((code, pauses) == (1, ["1", "2", "4", "8", "16"]), f"{code}, {pauses}: {said}")
            expect("::error::the history could not be pushed" in said, f"not told: {said}")
            expect(runner.branch()[1] == 3 * FRAMEWORKS, "pushed after all")
            figures["refused for good"] += 1


def perform():
    figures = dict.fromkeys(("units", "moments", "documents", "pushes", "refused for good"), 0)
    systemd_reads_units(figures)
    systemd_is_due_when_cron_is(figures)
    systemd_makes_up_for_skipped_hours(figures)
    schemas_accept(figures)
    workflow_keeps_history(figures)
    return (
        f"{figures['units']} units in odd folders verified, {figures['moments']} due moments of timers as cronsim "
        f"has them, {figures['documents']} documents as their schemas want them, {figures['pushes']} histories "
        f"pushed by the workflow's steps and {figures['refused for good']} refused for good"
    )


if __name__ == "__main__":
    main("templates", perform)
