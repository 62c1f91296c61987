//! Expressions of jq over messages. Their input `.` is what the payload says:
//! JSON where it is some, else text; `$topic`, `$qos`, `$retain` and `$user`
//! (an object of the user properties) are of the message.

use crate::decode::Decoded;
use crate::mqtt::Publish;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::Val;
use std::fmt;
use std::rc::Rc;

type Program = Filter<data::JustLut<Val>>;

/// The variables of an expression, in the order of [`Subject::new`].
const VARIABLES: [&str; 4] = ["$topic", "$qos", "$retain", "$user"];

/// An expression that has been read.
#[derive(Clone)]
pub struct Query {
    text: String,
    program: Rc<Program>,
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.text).finish()
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Query {
    /// Reads an expression.
    ///
    /// # Errors
    /// In words, when it is not one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let file = File { code: text, path: () };
        let modules = Loader::new(definitions).load(&arena, file);
        let modules = modules.map_err(|_| format!("{text:?} is not an expression of jq"))?;
        let program = Compiler::default()
            .with_funs(functions)
            .with_global_vars(VARIABLES)
            .compile(modules)
            .map_err(|errors| unknown(&errors))?;
        Ok(Self { text: text.to_owned(), program: Rc::new(program) })
    }

    /// What it makes of a message, one after the other.
    ///
    /// # Errors
    /// In words, when the message is not what the expression needs.
    pub(super) fn outputs(&self, subject: &Subject) -> Result<Vec<Decoded>, String> {
        self.run(subject)
            .map(|output| output.map(|value| said(&value)).map_err(|error| error.to_string()))
            .collect()
    }

    /// Whether it is true of a message, at least once. It is not when the
    /// message is not what the expression needs.
    pub(super) fn holds(&self, subject: &Subject) -> bool {
        let mut outputs = self.run(subject).filter_map(Result::ok);
        outputs.any(|value| !matches!(value, Val::Null | Val::Bool(false)))
    }

    fn run(&self, subject: &Subject) -> impl Iterator<Item = Result<Val, jaq_json::Error>> {
        let variables = Vars::new(subject.variables.clone());
        let context = Ctx::<data::JustLut<Val>>::new(&self.program.lut, variables);
        self.program.id.run((context, subject.input.clone())).map(unwrap_valr)
    }
}

/// The names in an expression that stand for nothing.
fn unknown(errors: &jaq_core::compile::Errors<&str, ()>) -> String {
    let names = errors.iter().flat_map(|(_, errors)| errors.iter().map(|(name, _)| *name));
    format!("jq does not know {}", names.collect::<Vec<_>>().join(", "))
}

/// Text as it is, everything else as JSON.
fn said(value: &Val) -> Decoded {
    match value {
        Val::TStr(text) | Val::BStr(text) => Decoded::Bytes(text.to_vec()),
        other => Decoded::Json(other.to_string().into_bytes()),
    }
}

/// A message as an expression sees it.
pub(super) struct Subject {
    input: Val,
    variables: [Val; VARIABLES.len()],
}

impl Subject {
    /// The message whose payload says `content`.
    pub(super) fn new(publish: &Publish<'_>, content: &[u8]) -> Self {
        let text = |text: &str| Val::from(text.to_owned());
        let input = serde_json::from_slice(content);
        let input = input.unwrap_or_else(|_| text(&String::from_utf8_lossy(content)));
        let pairs = publish.properties.user_properties.iter();
        let user = pairs.map(|(name, value)| (text(name), text(value))).collect();
        let qos = Val::from(usize::from(publish.qos as u8));
        Self { input, variables: [text(publish.topic), qos, publish.retain.into(), Val::obj(user)] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn subject(payload: &[u8]) -> Subject {
        let publish = Publish { topic: "a/b", payload, ..Publish::default() };
        Subject::new(&publish, payload)
    }

    fn outputs(expression: &str, payload: &[u8]) -> Vec<String> {
        let outputs = Query::parse(expression).unwrap().outputs(&subject(payload)).unwrap();
        let text = |output: Decoded| String::from_utf8(output.bytes().to_vec()).unwrap();
        outputs.into_iter().map(text).collect()
    }

    #[test]
    fn what_is_selected_is_text_as_it_is_and_the_rest_as_json() {
        let payload = br#"{"a":[1,{"b":"x y"}],"c":null}"#;
        assert_eq!(outputs(".a[]", payload), ["1", r#"{"b":"x y"}"#]);
        assert_eq!(outputs(".a[1].b, .c", payload), ["x y", "null"]);
        assert_eq!(outputs("$topic, $qos, $retain, $user", payload), ["a/b", "0", "false", "{}"]);
        assert_eq!(outputs(".", b"no json"), ["no json"]);
    }

    #[test]
    fn a_condition_holds_when_an_output_is_neither_false_nor_null() {
        for (expression, payload, wanted) in [
            (".t > 20", &br#"{"t":21}"#[..], true),
            (".t > 20", br#"{"t":20}"#, false),
            (".[] == 2", b"[1,2]", true),
            (".missing", b"{}", false),
            (".a", b"text", false),
            (r#"test("^o")"#, b"open", true),
        ] {
            let holds = Query::parse(expression).unwrap().holds(&subject(payload));
            assert_eq!(holds, wanted, "{expression}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_expression_is_said() {
        assert!(Query::parse(".a |").unwrap_err().contains("is not an expression"));
        assert!(Query::parse("nothing(.)").unwrap_err().contains("nothing"));
    }

    proptest! {
        #[test]
        fn no_payload_is_too_strange(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Query::parse(".. | .a?").unwrap().outputs(&subject(&payload));
        }
    }
}
