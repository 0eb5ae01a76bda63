//! `template`: what it prints, and that the shell gets from it what was meant.

use crate::github::{ask, fake};
use crate::workdir::{Outcome, Workdir};

/// Writes a survey with a schedule.
fn write_survey(workdir: &Workdir, place: &str, cron: &str, zone: &str) {
    workdir.write(
        place,
        format!(
            "title = \"Mine\"\n\n[schedule]\ncron = \"{cron}\"\ntimezone = \"{zone}\"\n\n[[metrics]]\n\
             id = \"all\"\nquery = \"{{query}} is:public\"\n\n[[frameworks]]\nname = \"Django\"\n"
        ),
    );
}

/// Runs `template` on a machine in that zone.
fn template(workdir: &Workdir, zone: &str, arguments: &[&str]) -> Outcome {
    let mut command = workdir.command(&[&["template"], arguments].concat());
    let outcome = workdir.run_command(command.env("TZ", zone));
    // Whom the folder belongs to differs from machine to machine.
    let of_user = ["User=", "# User=", "# The owner of"];
    let hide = |text: &str| {
        let lines = text.lines().filter(|line| !of_user.iter().any(|of| line.starts_with(of)));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        text.replace(env!("CARGO_BIN_EXE_repo-census"), "/bin/repo-census")
    };
    Outcome { stdout: hide(&outcome.stdout), ..outcome }
}

/// Returns the lines of a crontab that are no remarks, without their commands, and the remark on
/// the time.
fn when(text: &str) -> String {
    let lines = text.lines().filter(|line| line.contains(" o="));
    let lines: Vec<&str> = lines.filter_map(|line| line.split(" o=").next()).collect();
    let remark = text.lines().nth(1).expect("a remark");
    format!("{}\n    {remark}", lines.join("\n"))
}

#[test]
fn each_kind_is_printed() {
    let workdir = Workdir::new();
    write_survey(&workdir, "config/surveys/mine.toml", "17 6 * * 1-5", "Europe/Berlin");
    for kind in ["crontab", "systemd", "github-actions", "kubernetes"] {
        let outcome = template(&workdir, "Europe/London", &[kind, "mine"]);
        insta::assert_snapshot!(format!("template_{kind}"), outcome.snapshot());
    }
    let image =
        ["kubernetes", "backend-frameworks", "--no-token", "--image", "example.org/census:1"];
    insta::assert_snapshot!("template_without_token", template(&workdir, "UTC", &image).success());
    for kind in ["crontab", "systemd", "github-actions"] {
        let text = template(&workdir, "UTC", &[kind, "backend-frameworks", "--no-token"]).success();
        assert!(text.contains(" --no-token"), "{text}");
        assert!(
            !text.contains("token-file")
                && !text.contains("TOKEN:")
                && !text.contains("Credential"),
            "{text}"
        );
    }
}

#[test]
fn the_github_that_is_asked_here_is_the_one_that_a_run_asks() {
    let workdir = Workdir::new();
    write_survey(&workdir, "config/surveys/mine.toml", "17 6 * * *", "UTC");
    let outcome = |kind: &str, variables: &[(&str, &str)]| {
        let mut command = workdir.command(&["template", kind, "mine", "--no-token"]);
        command.envs(variables.iter().copied());
        let outcome = workdir.run_command(&mut command);
        assert_eq!(outcome.code, 0, "{}", outcome.snapshot());
        outcome
    };
    let api = ("GITHUB_API_URL", "https://github.example.com/api/v3");
    let graphql = ("GITHUB_GRAPHQL_URL", "https://github.example.com/graph?a=1%2");
    let by_cron = "r() { GITHUB_API_URL=https://github.example.com/api/v3 ";
    let by_systemd = "\nEnvironment=GITHUB_API_URL=https://github.example.com/api/v3\n";
    let by_kubernetes = "\
              env:
                - name: GITHUB_API_URL
                  value: \"https://github.example.com/api/v3\"
";
    let kinds = [("crontab", by_cron), ("systemd", by_systemd), ("kubernetes", by_kubernetes)];
    for (kind, expected) in kinds {
        for variable in [api, ("GH_HOST", "github.example.com")] {
            let text = outcome(kind, &[variable]).stdout;
            assert!(text.contains(expected) && !text.contains("GRAPHQL"), "{text}");
        }
        let text = outcome(kind, &[]).stdout;
        assert!(!text.contains("GITHUB_API_URL"), "{text}");
    }
    let both = [api, graphql];
    let cron = outcome("crontab", &both).stdout;
    assert!(
        cron.contains(" GITHUB_GRAPHQL_URL='https://github.example.com/graph?a=1\\%2' "),
        "{cron}"
    );
    let unit = outcome("systemd", &both).stdout;
    let line = "\nEnvironment=\"GITHUB_GRAPHQL_URL=https://github.example.com/graph?a=1%%2\"\n";
    assert!(unit.contains(line), "{unit}");
    // A workflow runs where its runner says, and its token is for there alone.
    let workflow = outcome("github-actions", &[api]);
    assert!(!workflow.stdout.contains("github.example.com"), "{}", workflow.stdout);
    assert_eq!(
        workflow.stderr,
        "note: the workflow asks the GitHub on which it runs, not \
         `https://github.example.com/api/v3` (environment, `GITHUB_API_URL`)\n"
    );
    // Settings reach what runs on this machine, and no container.
    workdir.write(
        "home/.config/repo-census/settings.toml",
        "api_url = \"https://github.example.com/api/v3\"\n",
    );
    assert!(outcome("kubernetes", &[]).stdout.contains(by_kubernetes));
    assert!(!outcome("crontab", &[]).stdout.contains("GITHUB_API_URL"));
}

#[test]
fn settings_in_effect_are_named() {
    let workdir = Workdir::new();
    write_survey(&workdir, "config/surveys/mine.toml", "17 6 * * *", "UTC");
    let print = |kind: &str| {
        let mut command = workdir.command(&["template", kind, "mine", "--no-token"]);
        let command = command.env("XDG_CONFIG_HOME", workdir.path("a $b 1%"));
        workdir.run_command(command).success()
    };
    for kind in ["crontab", "systemd"] {
        let text = print(kind);
        assert!(!text.contains("--settings"), "{text}");
    }
    workdir.write("a $b 1%/repo-census/settings.toml", "timeout = \"5s\"\n");
    let by_cron = " --no-token --settings '[folder]/a $b 1\\%/repo-census/settings.toml' >&3";
    let by_systemd = " --no-token --settings \"[folder]/a $$b 1%%/repo-census/settings.toml\"\n";
    for (kind, expected) in [("crontab", by_cron), ("systemd", by_systemd)] {
        let text = print(kind);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn cron_gets_the_machines_own_time() {
    let cases = [
        ("17 6 * * *", "Europe/Berlin", "Europe/Paris"),
        ("17 6 * * *", "Europe/Berlin", "Europe/London"),
        ("17 0 * * 1", "Europe/Berlin", "Europe/London"),
        ("17 0 1 * *", "Europe/Berlin", "Europe/London"),
        ("17 6 * * *", "Europe/Berlin", "UTC"),
        ("17 6 * * *", "UTC", "Asia/Kolkata"),
        ("0 6,18 * * 1", "UTC", "Asia/Tokyo"),
        ("*/20 * * * *", "America/New_York", "UTC"),
        ("@weekly", "UTC", "UTC"),
        ("0 6 L * *", "UTC", "UTC"),
    ];
    let mut told = String::new();
    for (cron, zone, machine) in cases {
        let workdir = Workdir::new();
        write_survey(&workdir, "config/surveys/mine.toml", cron, zone);
        let text = template(&workdir, machine, &["crontab", "mine"]).success();
        told.push_str(&format!("{cron} {zone}, on a machine in {machine}\n{}\n", when(&text)));
    }
    insta::assert_snapshot!("machine_time", told);
}

#[test]
fn what_cannot_be_said_exactly_is_refused() {
    let workdir = Workdir::new();
    write_survey(&workdir, "config/surveys/last.toml", "0 6 L * *", "UTC");
    write_survey(&workdir, "config/surveys/mine.toml", "17 6 * * *", "UTC");
    workdir.write("bare.toml", "title = \"Bare\"\n[[metrics]]\nid = \"a\"\nquery = \"{query}\"\n[[frameworks]]\nname = \"A\"\n");
    write_survey(&workdir, "away.toml", "17 6 * * *", "UTC");
    let long = format!("--token-file=/{}", "x".repeat(1000));
    let outcomes = [
        template(&workdir, "UTC", &["systemd", "last"]),
        template(&workdir, "UTC", &["kubernetes", "last"]),
        template(&workdir, "UTC", &["crontab", "bare.toml"]),
        template(&workdir, "UTC", &["crontab", "none"]),
        template(&workdir, "UTC", &["github-actions", "away.toml"]),
        template(&workdir, "UTC", &["systemd", "mine", "--token-file", "my\"token"]),
        template(&workdir, "UTC", &["crontab", "mine", "--token-file", "a\nb"]),
        template(&workdir, "UTC", &["crontab", "mine", &long]),
        template(&workdir, "UTC", &["crontab", "mine", "--no-token", "--token-file", "t"]),
        workdir.run_command(workdir.command(&["template", "crontab", "mine"]).env_remove("HOME")),
    ];
    assert!(outcomes.iter().all(|outcome| outcome.code == 2 && outcome.stdout.is_empty()));
    let told: Vec<String> = outcomes.iter().map(|outcome| outcome.stderr.clone()).collect();
    // How long the line is depends on where the program lies.
    let (before, after) = told.join("\n").split_once(" bytes; cron").map_or_else(
        || panic!("no refusal of a long line: {told:?}"),
        |(before, after)| {
            (before.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(), after.to_owned())
        },
    );
    insta::assert_snapshot!("template_refusals", format!("{before}N bytes; cron{after}"));
}

#[test]
fn files_are_written_and_never_over_others() {
    let workdir = Workdir::new();
    write_survey(&workdir, "config/surveys/mine.toml", "17 6 * * *", "UTC");
    let arguments = ["template", "systemd", "mine", "--no-token", "-q", "--out", "units/"];
    for _ in 0..2 {
        assert_eq!(
            workdir.run(&arguments).snapshot(),
            "exit code: 0\n----- stdout -----\n----- stderr -----\n"
        );
    }
    let (service, timer) = ("units/repo-census-mine.service", "units/repo-census-mine.timer");
    assert_eq!(workdir.files(), ["config/surveys/mine.toml", service, timer]);
    workdir.write(service, "edited");
    workdir.write(timer, "");
    let outcome = workdir.run(&arguments);
    assert_eq!(outcome.code, 2, "{}", outcome.snapshot());
    let before = workdir.files();
    let told = ["crontab", "systemd"].map(|kind| {
        let outcome = workdir.run(&["template", kind, "mine", "--no-token", "--out", "my lines"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
        outcome.stderr
    });
    insta::assert_snapshot!("template_out_names_no_folder", told.join("\n"));
    assert_eq!(workdir.files(), before);
    assert!(!workdir.path("my lines").exists());
    assert_eq!((workdir.read(service), workdir.read(timer)), ("edited".to_owned(), String::new()));
}

/// Folders whose names mean something to shells, cron, systemd and YAML.
#[cfg(unix)]
const HOSTILE: [&str; 8] = [
    "with space",
    "it's",
    "say \"hi\"",
    "100%d $HOME `id` $(id)",
    "back\\slash",
    "semi;colon & amp | pipe > out # remark",
    "~ * ? [a] {b,c} !",
    "größe: 名前",
];

/// Takes the command of a crontab line as cron hands it to the shell.
#[cfg(unix)]
fn job_of(crontab: &str) -> String {
    let line = crontab.lines().find(|line| line.contains(" o=")).expect("a job");
    let command = line.splitn(6, ' ').nth(5).expect("a command");
    // What stands behind a bare percent sign would go to stdin.
    let bare = command.replace("\\%", "").contains('%');
    assert!(!bare, "{line}");
    command.replace("\\%", "%")
}

#[cfg(unix)]
#[test]
fn the_shell_gets_what_was_meant_whatever_folders_are_called() {
    let github = fake().search_limit_authenticated(1000).start();
    for name in HOSTILE {
        let workdir = Workdir::new();
        let root = workdir.path(name);
        write_survey(&workdir, &format!("{name}/config/surveys/mine.toml"), "* * * * *", "UTC");
        workdir.write(&format!("{name}/token %"), crate::github::TOKEN);
        let token = root.join("token %");
        let (root, token) = (root.to_string_lossy(), token.to_string_lossy());
        let crontab = ["template", "crontab", "mine", "-q", "--dir", &root, "--token-file", &token];
        let crontab = workdir.run_command(&mut workdir.command(&crontab));
        assert_eq!(crontab.code, 0, "{name}: {}", crontab.stderr);
        // The paths that the outcome hides must be there for the shell.
        let job = job_of(&crontab.stdout)
            .replace("[folder]", workdir.path("").to_string_lossy().trim_end_matches('/'));
        let before = workdir.files();
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &job]).current_dir("/").env_clear().env("PATH", "/usr/bin:/bin");
        let outcome = workdir.run_command(shell.env("GITHUB_API_URL", github.api_url()));
        assert_eq!(
            outcome.snapshot(),
            "exit code: 0\n----- stdout -----\n----- stderr -----\n",
            "{name}"
        );
        let mut made = workdir.files();
        made.retain(|file| !before.contains(file));
        let inside = |file: &String| file.starts_with(&format!("{name}/output/mine/"));
        assert!(made.iter().all(inside), "{name}: {made:?}");
        assert_eq!(workdir.read(&format!("{name}/output/mine/history.csv")).lines().count(), 2);
        assert_eq!(workdir.read(&format!("{name}/output/mine/cron.log")), "");
    }
}

#[cfg(unix)]
#[test]
fn a_line_of_cron_speaks_only_of_failures() {
    let github = fake().start();
    let workdir = Workdir::new();
    write_survey(&workdir, "config/surveys/mine.toml", "* * * * *", "UTC");
    let job = |arguments: &[&str]| {
        let crontab = [&["template", "crontab", "mine", "-q"], arguments].concat();
        let text = workdir.run(&crontab).success();
        job_of(&text).replace("[folder]", workdir.path("").to_string_lossy().trim_end_matches('/'))
    };
    let run = |job: &str| {
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", job]).env_clear().env("PATH", "/usr/bin:/bin");
        workdir.run_command(shell.env("GITHUB_API_URL", github.api_url()))
    };
    // A token file that is not there is no reason to ask without one.
    let missing = run(&job(&["--token-file", "nowhere"]));
    assert_eq!(github.requests().len(), 0);
    assert!(missing.stdout.starts_with("repo-census ended with 2:\nerror: "), "{}", missing.stdout);
    assert!(workdir.read("output/mine/cron.log").contains("nowhere"));
    // Another run at work is none either, and nothing to write home about.
    let lock = workdir.path("output/mine/history.csv.lock");
    std::fs::create_dir_all(lock.parent().expect("a parent")).expect("a folder");
    let held = std::fs::File::create(&lock).expect("a file");
    held.lock().expect("a lock");
    let busy = run(&job(&["--no-token"]));
    assert_eq!((busy.code, busy.stdout.as_str(), busy.stderr.as_str()), (0, "", ""));
    assert!(workdir.read("output/mine/cron.log").contains("another process"), "but logged");
    drop(held);
    let good = run(&job(&["--no-token"]));
    assert_eq!((good.code, good.stdout.as_str(), good.stderr.as_str()), (0, "", ""));
    // A log that cannot be written costs no count, and its mail tells what it would have told.
    std::fs::remove_dir_all(workdir.path("output/mine")).expect("a folder");
    std::fs::create_dir_all(workdir.path("output/mine/cron.log")).expect("a folder");
    let unlogged = run(&job(&["--no-token"]));
    assert_eq!((unlogged.code, unlogged.stdout.as_str()), (0, ""), "{}", unlogged.snapshot());
    assert!(unlogged.stderr.contains("cron.log"), "{}", unlogged.stderr);
    assert_eq!(workdir.read("output/mine/history.csv").lines().count(), 2);
    let told = run(&job(&["--token-file", "nowhere"]));
    assert!(told.stdout.starts_with("error: "), "{}", told.snapshot());
    assert!(told.stdout.ends_with("repo-census ended with 2:\n"), "{}", told.snapshot());
    let outcome = ask(&workdir, &github, &["health", "mine", "--quiet", "--grace", "2h"]);
    assert_eq!(outcome.snapshot(), "exit code: 0\n----- stdout -----\n----- stderr -----\n");
}
