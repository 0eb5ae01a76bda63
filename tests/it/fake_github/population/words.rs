//! The texts that repositories are made of: frameworks as they are named, and other words.
//!
//! The shares are invented. They are of the kind that an audit is for: names that are ordinary words
//! find much else.

/// The main languages; the first is that of repositories without code.
pub(super) const LANGUAGES: [Option<&str>; 16] = [
    None,
    Some("Java"),
    Some("Python"),
    Some("PHP"),
    Some("Ruby"),
    Some("JavaScript"),
    Some("TypeScript"),
    Some("C#"),
    Some("HTML"),
    Some("C++"),
    Some("Jupyter Notebook"),
    Some("Go"),
    Some("Shell"),
    Some("Swift"),
    Some("Kotlin"),
    Some("R"),
];

/// A framework as repositories name it.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The words of its name, side by side.
    pub(crate) words: &'static [&'static str],
    /// Its topic.
    pub(crate) topic: &'static str,
    /// Its language.
    pub(crate) language: &'static str,
    /// How many repositories of a thousand name it.
    pub(super) per_mille: u64,
    /// How many percent of those that name it mean it, in the first and in the last year.
    pub(super) meant: (u64, u64),
    /// The year of the first repository, and the percent of the time since in which half of all
    /// were created.
    pub(super) since: (i32, u64),
}

/// The frameworks of the built-in survey.
pub(crate) const KINDS: [Kind; 11] = [
    kind(&["spring"], "spring", "Java", 150, (45, 78), (2008, 70)),
    kind(&["django"], "django", "Python", 120, (90, 94), (2008, 66)),
    kind(&["laravel"], "laravel", "PHP", 110, (94, 97), (2011, 62)),
    kind(&["flask"], "flask", "Python", 90, (70, 86), (2010, 68)),
    kind(&["ruby", "on", "rails"], "rails", "Ruby", 50, (80, 88), (2008, 45)),
    kind(&["express", "js"], "express", "JavaScript", 80, (60, 72), (2010, 65)),
    kind(&["next", "js"], "nextjs", "TypeScript", 70, (40, 70), (2016, 75)),
    kind(&["asp", "net", "core"], "aspnetcore", "C#", 30, (85, 90), (2015, 60)),
    kind(&["nestjs"], "nestjs", "TypeScript", 40, (93, 96), (2017, 65)),
    kind(&["meteor", "js"], "meteor", "JavaScript", 15, (80, 70), (2012, 22)),
    kind(&["cakephp"], "cakephp", "PHP", 8, (92, 92), (2008, 35)),
];

const fn kind(
    words: &'static [&'static str],
    topic: &'static str,
    language: &'static str,
    per_mille: u64,
    meant: (u64, u64),
    since: (i32, u64),
) -> Kind {
    Kind { words, topic, language, per_mille, meant, since }
}

/// Other words; each stands in many repositories.
pub(super) const WORDS: [&str; 40] = [
    "demo",
    "app",
    "test",
    "shop",
    "blog",
    "tutorial",
    "course",
    "api",
    "server",
    "client",
    "todo",
    "project",
    "homework",
    "example",
    "starter",
    "template",
    "my",
    "first",
    "simple",
    "the",
    "a",
    "for",
    "with",
    "and",
    "in",
    "animation",
    "physics",
    "season",
    "bottle",
    "delivery",
    "train",
    "steps",
    "shower",
    "data",
    "game",
    "tool",
    "library",
    "notes",
    "web",
    "site",
];

/// Other topics.
pub(super) const TOPICS: [&str; 6] =
    ["web", "tutorial", "hacktoberfest", "docker", "education", "game"];
