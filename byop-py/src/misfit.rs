//! Where a value does not fit a type, in the words of JSON: found by the type's schema.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// Where a value does not fit, and what was wanted there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The path of the key, such as `spec.ports[0].protocol`.
    pub(crate) path: String,
    /// A sentence about it.
    pub(crate) text: String,
    depth: usize,
    /// Whether it only says that this is another variant of the type.
    is_tag: bool,
}

/// The first place where `value`, which is called `name`, does not fit `T`. There is none where only `T` itself can
/// tell what is wrong, such as in a name with letters that names must not have.
pub(crate) fn find<T: JsonSchema>(name: &str, value: &Value) -> Option<Misfit> {
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let root = generator.into_root_schema_for::<T>().to_value();
    Finder { definitions: root.get("$defs").and_then(Value::as_object) }.look(&root, value, name, 0)
}

struct Finder<'a> {
    definitions: Option<&'a Map<String, Value>>,
}

impl Finder<'_> {
    fn look(&self, schema: &Value, value: &Value, path: &str, depth: usize) -> Option<Misfit> {
        if let Some(target) = self.target(schema)
            && let Some(misfit) = self.look(target, value, path, depth)
        {
            return Some(misfit);
        }
        if let Some(variants) = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(key)?.as_array())
            && let Some(misfit) = self.choose(variants, value, path, depth)
        {
            return Some(misfit);
        }
        if !self.is_kind(schema, value) {
            let wanted = join(self.kinds(schema));
            return Some(misfit(path, depth, format!("must be {wanted}, not {}", word_of(value))));
        }
        if let Some(wanted) = schema.get("const")
            && wanted != value
        {
            return Some(Misfit { is_tag: true, ..misfit(path, depth, format!("must be {wanted}")) });
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            let wanted = join(allowed.iter().map(Value::to_string).collect());
            return Some(misfit(path, depth, format!("must be {wanted}")));
        }
        match value {
            Value::Number(_) => self.range(schema, value, path, depth),
            Value::Array(items) => self.items(schema, items, path, depth),
            Value::Object(keys) => self.keys(schema, keys, path, depth),
            _ => None,
        }
    }

    fn target(&self, schema: &Value) -> Option<&Value> {
        self.definitions?.get(schema.get("$ref")?.as_str()?.rsplit('/').next()?)
    }

    /// Of several variants the misfit of the one that was meant.
    fn choose(&self, variants: &[Value], value: &Value, path: &str, depth: usize) -> Option<Misfit> {
        let mut misfits = Vec::new();
        for variant in variants {
            let misfit = self.look(variant, value, path, depth)?;
            misfits.push((self.takes_kind(variant, value), misfit));
        }
        // A number is no text, so what texts must be like does not matter.
        if misfits.iter().filter(|(is_kind, _)| *is_kind).count() == 1 {
            return misfits.into_iter().find_map(|(is_kind, misfit)| is_kind.then_some(misfit));
        }
        let misfits: Vec<Misfit> = misfits.into_iter().map(|(_, misfit)| misfit).collect();
        let wanted = || {
            let mut kinds: Vec<String> = variants.iter().flat_map(|variant| self.kinds(variant)).collect();
            kinds.retain(|kind| kind != "null");
            format!("must be {}", join(kinds))
        };
        if misfits.iter().all(|misfit| misfit.is_tag && misfit.depth > depth) {
            let tags = misfits.iter().map(|misfit| misfit.text.trim_start_matches("must be ").to_owned());
            let tag = misfits.first()?;
            return Some(misfit(&tag.path, tag.depth, format!("must be {}", join(tags.collect()))));
        }
        let deepest = misfits.into_iter().filter(|misfit| !misfit.is_tag).max_by_key(|misfit| misfit.depth);
        match deepest {
            Some(deepest) if deepest.depth > depth => Some(deepest),
            _ => Some(misfit(path, depth, wanted())),
        }
    }

    /// Whether a schema takes values of this kind, such as lists.
    fn takes_kind(&self, schema: &Value, value: &Value) -> bool {
        if let Some(target) = self.target(schema) {
            return self.takes_kind(target, value);
        }
        match ["oneOf", "anyOf"].iter().find_map(|key| schema.get(key)?.as_array()) {
            Some(variants) => variants.iter().any(|variant| self.takes_kind(variant, value)),
            None => self.is_kind(schema, value),
        }
    }

    fn is_kind(&self, schema: &Value, value: &Value) -> bool {
        let fits = |kind: &str| match kind {
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => value.is_null(),
        };
        match schema.get("type") {
            Some(Value::String(kind)) => fits(kind),
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(fits),
            _ => true,
        }
    }

    /// What a schema takes, in words.
    fn kinds(&self, schema: &Value) -> Vec<String> {
        if let Some(target) = self.target(schema) {
            return self.kinds(target);
        }
        if let Some(wanted) = schema.get("const") {
            return vec![wanted.to_string()];
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            return allowed.iter().map(Value::to_string).collect();
        }
        if let Some(variants) = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(key)?.as_array()) {
            return variants.iter().flat_map(|variant| self.kinds(variant)).collect();
        }
        let word = |kind: &str| match kind {
            "integer" => match bounds(schema) {
                (Some(least), Some(most)) => format!("an integer from {least} to {most}"),
                (Some(least), None) => format!("an integer from {least} on"),
                _ => "an integer".to_owned(),
            },
            "number" => "a number".to_owned(),
            "string" => "a string".to_owned(),
            "boolean" => "true or false".to_owned(),
            "array" => "a list".to_owned(),
            "object" => match schema.get("required").and_then(Value::as_array).map(Vec::as_slice) {
                Some([Value::String(key)]) => format!("an object with the key `{key}`"),
                _ => "an object".to_owned(),
            },
            _ => "null".to_owned(),
        };
        match schema.get("type") {
            Some(Value::String(kind)) => vec![word(kind)],
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").map(word).collect()
            }
            _ => vec!["something else".to_owned()],
        }
    }

    fn range(&self, schema: &Value, value: &Value, path: &str, depth: usize) -> Option<Misfit> {
        let number = value.as_f64()?;
        let (least, most) = bounds(schema);
        let is_out =
            least.is_some_and(|least| number < least as f64) || most.is_some_and(|most| number > most as f64);
        is_out.then(|| misfit(path, depth, format!("must be {}", join(self.kinds(schema)))))
    }

    fn items(&self, schema: &Value, items: &[Value], path: &str, depth: usize) -> Option<Misfit> {
        let first = schema.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if !first.is_empty() && first.len() != items.len() {
            return Some(misfit(path, depth, format!("must have {} items", first.len())));
        }
        items.iter().enumerate().find_map(|(index, item)| {
            let each = first.get(index).or_else(|| schema.get("items"))?;
            self.look(each, item, &format!("{path}[{index}]"), depth + 1)
        })
    }

    fn keys(&self, schema: &Value, keys: &Map<String, Value>, path: &str, depth: usize) -> Option<Misfit> {
        let known = schema.get("properties").and_then(Value::as_object);
        let further = schema.get("additionalProperties");
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        // Which variant of a type it is comes before what is wrong in it.
        let is_tag = |schema: &Value| schema.get("const").is_some();
        for (tag, wanted) in known.into_iter().flatten().filter(|(_, schema)| is_tag(schema)) {
            if let Some(value) = keys.get(tag)
                && let Some(found) = self.look(wanted, value, &format!("{path}.{tag}"), depth + 1)
            {
                return Some(found);
            }
        }
        for (key, value) in keys {
            let inner = format!("{path}.{}", shown(key));
            let each = known.and_then(|known| known.get(key));
            let each = each.or_else(|| patterns?.values().next());
            let each = each.or(further).filter(|each| **each != Value::Bool(true));
            match each {
                Some(Value::Bool(false)) => {
                    let names =
                        known.into_iter().flat_map(Map::keys).map(|name| format!("`{name}`")).collect();
                    let text = format!("is no key that is known here: there are {}", join_by("and", names));
                    return Some(misfit(&inner, depth, text));
                }
                Some(each) => {
                    if let Some(found) = self.look(each, value, &inner, depth + 1) {
                        return Some(found);
                    }
                }
                None => {}
            }
        }
        let required = schema.get("required").and_then(Value::as_array)?;
        let missing = required.iter().filter_map(Value::as_str).find(|key| !keys.contains_key(*key))?;
        Some(misfit(path, depth, format!("must have the key `{missing}`")))
    }
}

fn misfit(path: &str, depth: usize, text: String) -> Misfit {
    Misfit { path: path.to_owned(), text, depth, is_tag: false }
}

/// The least and the greatest number.
fn bounds(schema: &Value) -> (Option<i64>, Option<i64>) {
    let number = |key| schema.get(key).and_then(Value::as_i64);
    let most = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => Some(i64::from(u32::MAX)),
        _ => None,
    };
    (number("minimum"), number("maximum").or(most))
}

fn join(words: Vec<String>) -> String {
    join_by("or", words)
}

fn join_by(last: &str, mut words: Vec<String>) -> String {
    let mut seen = std::collections::BTreeSet::new();
    words.retain(|word| seen.insert(word.clone()));
    match words.as_slice() {
        [first @ .., end] if !first.is_empty() => format!("{} {last} {end}", first.join(", ")),
        _ => words.concat(),
    }
}

fn word_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A key that somebody made up.
fn shown(key: &str) -> String {
    key.chars()
        .take(40)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use byop_core::model::{AppSpec, LogOptions, ScheduleSpec};
    use byop_core::stage::Data;
    use serde_json::json;

    use super::*;

    fn told<T: JsonSchema>(value: &Value) -> String {
        find::<T>("spec", value).map_or_else(String::new, |misfit| format!("{} {}", misfit.path, misfit.text))
    }

    fn app(key: &str, value: Value) -> Value {
        let mut spec = json!({ "name": "shop", "source": { "image": "a" } });
        spec[key] = value;
        spec
    }

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(told::<AppSpec>(&app("port", json!(80))), "");
        assert_eq!(told::<AppSpec>(&app("port", json!(null))), "");
        assert_eq!(told::<AppSpec>(&app("env", json!({ "A": "b" }))), "");
        let nightly =
            json!({ "name": "a", "expression": "@daily", "action": { "type": "restart", "app": "shop" } });
        assert_eq!(told::<ScheduleSpec>(&nightly), "");
    }

    #[test]
    fn a_misfit_is_told_with_its_path_in_the_words_of_json() {
        for (key, value, expected) in [
            ("port", json!("80"), "spec.port must be an integer from 0 to 65535, not a string"),
            ("port", json!(-1), "spec.port must be an integer from 0 to 65535"),
            (
                "port",
                json!(1.5),
                "spec.port must be an integer from 0 to 65535, not a number with a fraction",
            ),
            ("domains", json!("a.b"), "spec.domains must be a list, not a string"),
            ("domains", json!(["a.b", 7]), "spec.domains[1] must be a string, not a number"),
            ("env", json!({ "A": 1 }), "spec.env.A must be a string, not a number"),
            ("source", json!("shop"), "spec.source must be an object with the key `directory`"),
            ("source", json!({ "gti": {} }), "spec.source must be an object with the key `directory`"),
            (
                "ports",
                json!([{ "name": "a", "container_port": 1, "protocol": "icmp" }]),
                "spec.ports[0].protocol must be \"tcp\" or \"udp\"",
            ),
            ("user", json!({ "uid": 1 }), "spec.user must have the key `gid`"),
            ("health", json!({ "pth": "/" }), "spec.health.pth is no key that is known here: there are `"),
        ] {
            let told = told::<AppSpec>(&app(key, value));
            assert!(told.starts_with(expected), "{told}");
        }
    }

    #[test]
    fn the_variant_that_was_meant_is_told_of() {
        assert_eq!(told::<Data>(&json!("burn")), "spec must be \"keep\" or \"delete\"");
        let action = |action: Value| json!({ "name": "a", "expression": "@daily", "action": action });
        let told = told::<ScheduleSpec>;
        assert_eq!(
            told(&action(json!({ "type": "restart", "app": 7 }))),
            "spec.action.app must be a string, not a number"
        );
        let wrong = told(&action(json!({ "type": "fly", "app": "shop" })));
        assert_eq!(wrong, r#"spec.action.type must be "deploy", "start", "stop", "restart" or "custom""#);
    }

    #[test]
    fn what_was_given_is_not_quoted() {
        let told = told::<LogOptions>(&json!({ "tail": "canary", "follow": false }));
        assert!(!told.contains("canary") && told.starts_with("spec.tail must be an integer"), "{told}");
    }
}
