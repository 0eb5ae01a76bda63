//! The rule that says whether a repository is one of a framework's: its name as a word, and its
//! language.
//!
//! It is a rule of thumb that a program can check on what a search returns. It misses repositories in
//! another language, and takes those that use the word otherwise in the right one.

use super::super::survey::Framework;

/// Languages that are as good as the one a framework is known by.
const ALSO: [(&str, &[&str]); 4] = [
    (".NET", &["C#", "F#", "Visual Basic .NET"]),
    ("Java", &["Java", "Kotlin", "Groovy"]),
    ("JavaScript", &["JavaScript", "TypeScript"]),
    ("TypeScript", &["TypeScript", "JavaScript"]),
];

/// What a repository of a framework has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The words of its name, side by side.
    words: Vec<String>,
    topic: Option<String>,
    /// One of these is its language; empty if the survey names none.
    pub languages: Vec<String>,
}

impl Rule {
    /// Makes the rule of a framework.
    #[must_use]
    pub fn of(framework: &Framework) -> Self {
        let languages = framework.language.iter().flat_map(|language| {
            let also = ALSO.iter().find(|(known, _)| known.eq_ignore_ascii_case(language));
            match also {
                Some((_, also)) => also.iter().map(|&also| also.to_owned()).collect(),
                None => vec![language.clone()],
            }
        });
        Self {
            words: words_of(&framework.name).collect(),
            topic: framework.topic.clone(),
            languages: languages.collect(),
        }
    }

    /// Tells whether a repository with these texts and this language fits.
    #[must_use]
    pub fn fits<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
        topics: &'t [String],
        language: Option<&str>,
    ) -> bool {
        let has_language = self.languages.is_empty()
            || language.is_some_and(|language| self.languages.iter().any(|l| l == language));
        let has_topic =
            || self.topic.as_ref().is_some_and(|topic| topics.iter().any(|other| other == topic));
        let mut texts = texts.into_iter().chain(topics.iter().map(String::as_str));
        has_language && (has_topic() || texts.any(|text| self.is_named_in(text)))
    }

    /// Tells whether the name stands in a text, its words side by side or as one.
    fn is_named_in(&self, text: &str) -> bool {
        let words: Vec<String> = words_of(text).collect();
        let joined = self.words.concat();
        !self.words.is_empty()
            && (words.contains(&joined)
                || words.windows(self.words.len()).any(|some| some == self.words))
    }
}

/// Returns the words of a text in lower case: whatever is between other characters than letters and
/// digits.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, language: Option<&str>, topic: Option<&str>) -> Rule {
        Rule::of(&Framework {
            name: name.into(),
            language: language.map(str::to_owned),
            topic: topic.map(str::to_owned),
            query: String::new(),
            formerly: Vec::new(),
        })
    }

    #[test]
    fn name_and_language_make_a_hit() {
        let spring = rule("Spring", Some("Java"), Some("spring"));
        let rails = rule("Ruby on Rails", Some("Ruby"), Some("rails"));
        let next = rule("Next.js", Some("JavaScript"), Some("nextjs"));
        let core = rule("ASP.NET Core", Some(".NET"), None);
        let any = rule("Flask", None, None);
        let cases: [(&Rule, &str, &str, Option<&str>, bool); 14] = [
            (&spring, "my-Spring-demo", "", Some("Java"), true),
            (&spring, "my-spring-demo", "", Some("Kotlin"), true),
            (&spring, "my-spring-demo", "", Some("JavaScript"), false),
            (&spring, "my-spring-demo", "", None, false),
            (&spring, "springboot", "", Some("Java"), false),
            (&spring, "x", "spring", Some("Java"), true),
            (&rails, "A shop on Ruby on Rails.", "", Some("Ruby"), true),
            (&rails, "rails on ruby", "", Some("Ruby"), false),
            (&rails, "shop", "rails", Some("Ruby"), true),
            (&next, "made with Next.js", "", Some("TypeScript"), true),
            (&next, "nextjs-blog", "", Some("TypeScript"), true),
            (&next, "what comes next", "", Some("TypeScript"), false),
            (&core, "asp.net-core", "", Some("C#"), true),
            (&any, "a flask", "", None, true),
        ];
        for (rule, text, topic, language, expected) in cases {
            let topics = [topic.to_owned()];
            assert_eq!(rule.fits([text], &topics, language), expected, "{text} {language:?}");
        }
    }
}
