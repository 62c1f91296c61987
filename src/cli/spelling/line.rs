//! A command line cut into options with their values, as clap will cut it.

use super::other_tools;
use clap::{Arg, Command};
use std::ffi::OsString;

/// An option with its value, or a word that is neither.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    /// The option; `None` if it is none that the command has.
    pub(super) arg: Option<&'a Arg>,
    /// The words: of an option one, or its value as the second.
    pub(super) words: Vec<OsString>,
}

/// The options of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options<'a> {
    command: &'a Command,
    /// Where the options of all commands are.
    root: &'a Command,
}

impl<'a> Options<'a> {
    pub(super) const fn of(command: &'a Command, root: &'a Command) -> Self {
        Self { command, root }
    }

    fn all(self) -> impl Iterator<Item = &'a Arg> {
        self.command.get_arguments().chain(self.root.get_arguments())
    }

    /// The option with this long name, be it another name of it.
    pub(super) fn long(self, name: &str) -> Option<&'a Arg> {
        self.all().find(|arg| long_names(arg).any(|known| known == name))
    }

    /// The name of an option that is `name` but for dashes, underscores and
    /// large letters.
    pub(super) fn alike(self, name: &str) -> Option<&'a str> {
        let wanted = folded(name);
        self.all().flat_map(long_names).find(|known| folded(known) == wanted)
    }

    fn short(self, letter: char) -> Option<&'a Arg> {
        let is = |arg: &&Arg| {
            let others = arg.get_all_short_aliases().unwrap_or_default();
            arg.get_short() == Some(letter) || others.contains(&letter)
        };
        self.all().find(is)
    }

    /// Cuts `words` into pieces; other tools' names of options become those here.
    pub(super) fn cut(self, words: &[OsString]) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let word = match word.to_str().and_then(|text| other_tools::name_here(self, text)) {
                Some(name) if name.is_empty() => continue,
                Some(name) => name.into(),
                None => word.clone(),
            };
            let text = word.to_str().unwrap_or_default();
            let start = pieces.len();
            match text.strip_prefix("--") {
                Some("") => {
                    // What follows is taken as it stands.
                    pieces.push(plain(&word));
                    pieces.extend(words.by_ref().map(plain));
                }
                Some(name) => pieces.push(self.long_piece(name, &word)),
                None => pieces.extend(self.short_pieces(text, &word)),
            }
            let cut = pieces.get_mut(start..).unwrap_or_default();
            if let Some(last) = cut.last_mut().filter(|last| last.lacks_value()) {
                last.words.extend(words.next().cloned());
            }
        }
        pieces
    }

    fn long_piece(self, text: &str, word: &OsString) -> Piece<'a> {
        let name = text.split_once('=').map_or(text, |(name, _)| name);
        Piece { arg: self.long(name), words: vec![word.clone()] }
    }

    /// The options that stand together behind one dash; what takes a value
    /// takes the rest for it.
    fn short_pieces(self, text: &str, word: &OsString) -> Vec<Piece<'a>> {
        let letters = text.strip_prefix('-').unwrap_or_default();
        let mut pieces = Vec::new();
        for (index, letter) in letters.char_indices() {
            let Some(arg) = self.short(letter) else {
                return vec![plain(word)];
            };
            let takes_value = arg.get_action().takes_values();
            let end = if takes_value { letters.len() } else { index + letter.len_utf8() };
            let part = letters.get(index..end).unwrap_or_default();
            pieces.push(Piece { arg: Some(arg), words: vec![format!("-{part}").into()] });
            if takes_value {
                break;
            }
        }
        if pieces.is_empty() { vec![plain(word)] } else { pieces }
    }
}

impl Piece<'_> {
    /// Whether it is the option with this name in the code.
    pub(super) fn is(&self, id: &str) -> bool {
        self.arg.is_some_and(|arg| arg.get_id() == id)
    }

    /// Whether the next word is its value.
    fn lacks_value(&self) -> bool {
        let needs = self.arg.is_some_and(needs_value);
        let [word] = self.words.as_slice() else { return false };
        let word = word.to_str().unwrap_or_default();
        let glued = match word.strip_prefix("--") {
            Some(long) => long.contains('='),
            None => word.chars().nth(2).is_some(),
        };
        needs && !glued
    }

    /// Its value, if it has one that is text.
    pub(super) fn value(&self) -> Option<&str> {
        match self.words.as_slice() {
            [_, value] => value.to_str(),
            [word] => {
                let word = word.to_str()?;
                let glued = match word.strip_prefix("--") {
                    Some(long) => long.split_once('=').map(|(_, value)| value),
                    None => word.char_indices().nth(2).and_then(|(at, _)| word.get(at..)),
                };
                glued.filter(|_| self.arg.is_some())
            }
            _ => None,
        }
    }
}

fn plain<'a>(word: &OsString) -> Piece<'a> {
    Piece { arg: None, words: vec![word.clone()] }
}

fn needs_value(arg: &Arg) -> bool {
    let least = arg.get_num_args().map_or(1, |range| range.min_values());
    arg.get_action().takes_values() && least > 0
}

fn long_names(arg: &Arg) -> impl Iterator<Item = &str> {
    arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default())
}

fn folded(name: &str) -> String {
    let kept = name.chars().filter(|letter| !matches!(letter, '-' | '_'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::definition;

    /// The pieces as words, those of an option joined by blanks.
    fn cut(line: &str) -> Vec<String> {
        let root = definition();
        let options = Options::of(root.find_subcommand("sub").unwrap(), &root);
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        let joined = |piece: Piece<'_>| piece.words.join(" ".as_ref()).into_string().unwrap();
        options.cut(&words).into_iter().map(joined).collect()
    }

    #[test]
    fn a_value_belongs_to_its_option_whatever_it_begins_with() {
        assert_eq!(cut("-t -v -v"), ["-t -v", "-v"]);
        assert_eq!(cut("--topic=-v --topic -x -vd"), ["--topic=-v", "--topic -x", "-v", "-d"]);
        assert_eq!(cut("-vtx -q1 --tls ca"), ["-v", "-tx", "-q1", "--tls", "ca"]);
        assert_eq!(cut("--color never -?x -- -t -v"), ["--color never", "-?x", "--", "-t", "-v"]);
        assert_eq!(cut("-t"), ["-t"]);
        assert_eq!(cut("-t -up -up k=v --nodelay"), ["-t -up", "--user-property k=v"]);
    }
}
