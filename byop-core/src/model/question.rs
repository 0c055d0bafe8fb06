//! What a person can be asked, as data: a panel shows it as a form.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::app::AppSpec;
use super::detection::{Diagnostic, Severity};
use super::plan::{EnvNeed, Plan};

/// Something that the tree does not say. Answer it by setting `setting` in the spec of the app, or in its `byop.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Question {
    /// The setting that answers it, such as `build.start`; `env.<NAME>` or `secrets.<NAME>` for a variable.
    pub setting: String,
    /// What is not known, in one sentence.
    pub text: String,
    /// The values to choose from; empty when any may be right.
    pub choices: Vec<String>,
    /// What is used without an answer; `None` when there is nothing to use.
    pub suggested: Option<String>,
    /// The code of the diagnostic that it comes from, such as `unsure`.
    pub code: String,
    /// `error`: a deployment fails until it is answered.
    pub severity: Severity,
}

impl Question {
    /// The questions that a plan leaves open, those that must be answered first.
    #[must_use]
    pub fn of(plan: &Plan, spec: &AppSpec) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut questions: Vec<Self> = plan
            .diagnostics
            .iter()
            .filter_map(|diagnostic| Self::ask(diagnostic, plan))
            .chain(plan.required_env.iter().filter_map(|need| Self::ask_for(need, spec)))
            .filter(|question| seen.insert((question.code.clone(), question.setting.clone())))
            .collect();
        questions.sort_by_key(|question| std::cmp::Reverse(question.severity));
        questions
    }

    fn ask(diagnostic: &Diagnostic, plan: &Plan) -> Option<Self> {
        let setting = diagnostic.setting.clone()?;
        let suggested = used(plan, &setting).filter(|value| {
            diagnostic.choices.is_empty() || diagnostic.choices.iter().any(|choice| choice == value)
        });
        Some(Self {
            setting,
            text: diagnostic.message.clone(),
            choices: diagnostic.choices.clone(),
            suggested,
            code: diagnostic.code.clone(),
            severity: diagnostic.severity,
        })
    }

    fn ask_for(need: &EnvNeed, spec: &AppSpec) -> Option<Self> {
        let is_given = spec.env.keys().chain(spec.secrets.keys()).any(|name| name.as_str() == need.name);
        (!is_given).then(|| Self {
            setting: format!("{}.{}", if need.is_secret { "secrets" } else { "env" }, need.name),
            text: format!("the app reads the variable {} and has no value for it", need.name),
            choices: Vec::new(),
            suggested: None,
            code: "missing-env".into(),
            severity: Severity::Warning,
        })
    }
}

/// What a plan has for a setting.
fn used(plan: &Plan, setting: &str) -> Option<String> {
    match setting {
        "build.stack" => Some(plan.stack.clone()),
        "build.root" => Some(plan.root.clone()).filter(|root| !root.is_empty()),
        "build.version" => plan.version.clone(),
        "build.framework" => plan.framework.clone(),
        "build.package_manager" => plan.package_manager.clone(),
        "build.install" => plan.install.clone(),
        "build.build" => plan.build.clone(),
        "build.start" => plan.start.clone(),
        "build.static_dir" => plan.static_dir.clone(),
        "build.document_root" => plan.document_root.clone(),
        "port" => Some(plan.port.to_string()),
        "health.path" => Some(plan.health.path.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    fn spec() -> AppSpec {
        AppSpec::new("a", Source::Directory(".".into())).unwrap()
    }

    #[test]
    fn what_names_a_setting_is_asked_and_the_worst_first() {
        let mut plan = Plan::new("node", 3000);
        plan.diagnostics = vec![
            Diagnostic::new("no-lock-file", Severity::Warning, "x"),
            Diagnostic::new("no-port", Severity::Warning, "which port?").with_setting("port"),
            Diagnostic::new("unsure", Severity::Error, "which stack?")
                .with_setting("build.stack")
                .with_choices(["node", "static"]),
            Diagnostic::new("no-start-command", Severity::Error, "how?").with_setting("build.start"),
        ];
        let asked = Question::of(&plan, &spec());
        let short: Vec<_> =
            asked.iter().map(|q| (q.setting.as_str(), q.suggested.as_deref(), q.choices.len())).collect();
        assert_eq!(
            short,
            [("build.stack", Some("node"), 2), ("build.start", None, 0), ("port", Some("3000"), 0)]
        );
    }

    #[test]
    fn a_variable_is_asked_for_until_it_has_a_value() {
        let mut plan = Plan::new("node", 3000);
        let need = |name: &str, is_secret| EnvNeed { name: name.into(), file: "a".into(), is_secret };
        plan.required_env = vec![need("API_URL", false), need("API_KEY", true)];
        let settings = |spec: &AppSpec| {
            Question::of(&plan, spec).into_iter().map(|question| question.setting).collect::<Vec<_>>()
        };
        assert_eq!(settings(&spec()), ["env.API_URL", "secrets.API_KEY"]);
        assert_eq!(settings(&spec().with_env("API_URL", "x").unwrap()), ["secrets.API_KEY"]);
    }
}
