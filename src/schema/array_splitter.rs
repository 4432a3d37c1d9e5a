//! The text of an array, piece by piece → its elements, each as soon as it is
//! complete. What is no array yields nothing: the strict parse of the whole
//! text, which comes at the end in any case, says what is wrong with it.

/// Splits one array. One fence line before it is passed over.
#[derive(Debug, Default)]
pub struct ArraySplitter {
    state: State,
    /// The fence line, or the element under way.
    text: String,
    /// Brackets open within the element.
    depth: usize,
    string: bool,
    escaped: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing but white space has come.
    #[default]
    Start,
    /// Within the fence line.
    Fence,
    /// Behind the fence line.
    Fenced,
    /// Within the array.
    Elements,
    /// Behind the array, or what came is none.
    End,
}

impl ArraySplitter {
    /// Takes the next piece of the text; the elements that it completes are
    /// put behind `elements`.
    pub fn push(&mut self, piece: &str, elements: &mut Vec<String>) {
        for c in piece.chars() {
            match self.state {
                State::End => return,
                State::Elements => self.element(c, elements),
                State::Fence => self.fence(c),
                State::Start | State::Fenced if c.is_whitespace() => {}
                State::Start | State::Fenced if c == '[' => self.state = State::Elements,
                State::Start if c == '`' => {
                    self.text.push(c);
                    self.state = State::Fence;
                }
                State::Start | State::Fenced => self.state = State::End,
            }
        }
    }

    /// Three backticks and, up to the line's end, no other.
    fn fence(&mut self, c: char) {
        let marks = self.text.len();
        match c {
            '`' if marks < 3 => self.text.push(c),
            '\n' if marks == 3 => {
                self.text.clear();
                self.state = State::Fenced;
            }
            '`' => self.state = State::End,
            _ if marks < 3 => self.state = State::End,
            _ => {}
        }
    }

    fn element(&mut self, c: char, elements: &mut Vec<String>) {
        if self.string {
            self.text.push(c);
            if self.escaped {
                self.escaped = false;
            } else if c == '\\' {
                self.escaped = true;
            } else if c == '"' {
                self.string = false;
            }
            return;
        }
        match c {
            ',' | ']' if self.depth == 0 => {
                if c == ']' {
                    self.state = State::End;
                }
                let element = std::mem::take(&mut self.text);
                if !element.trim().is_empty() {
                    elements.push(element);
                } else if c == ',' {
                    self.state = State::End;
                }
            }
            ']' | '}' if self.depth == 0 => self.state = State::End,
            _ => {
                match c {
                    '"' => self.string = true,
                    '[' | '{' => self.depth += 1,
                    ']' | '}' => self.depth -= 1,
                    _ => {}
                }
                self.text.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn splits(text: &str, expected: &[&str]) {
        for size in 1..=text.chars().count() {
            let (mut splitter, mut elements) = (ArraySplitter::default(), Vec::new());
            let all: Vec<char> = text.chars().collect();
            for piece in all.chunks(size) {
                splitter.push(&piece.iter().collect::<String>(), &mut elements);
            }
            let elements: Vec<&str> = elements.iter().map(|element| element.trim()).collect();
            assert_eq!(elements, expected, "{text:?} by {size}");
        }
    }

    #[test]
    fn elements_come_whole_whatever_stands_in_them() {
        splits(
            " [1, {\"a\":[1,2],\"b\":\"]},\\\"[\\\\\"} ,[[],{}], \"x,y\",null]\n",
            &[
                "1",
                "{\"a\":[1,2],\"b\":\"]},\\\"[\\\\\"}",
                "[[],{}]",
                "\"x,y\"",
                "null",
            ],
        );
        splits("[]", &[]);
    }

    #[test]
    fn an_element_comes_with_the_comma_behind_it_or_the_end() {
        let (mut splitter, mut elements) = (ArraySplitter::default(), Vec::new());
        splitter.push("[12", &mut elements);
        assert!(elements.is_empty());
        splitter.push("3,{\"a\":1}", &mut elements);
        assert_eq!(elements, ["123"]);
        splitter.push("]", &mut elements);
        assert_eq!(elements, ["123", "{\"a\":1}"]);
    }

    #[test]
    fn one_fence_line_is_passed_over() {
        splits("```json\n[1,2]\n```", &["1", "2"]);
        splits("\n```\n[1]```", &["1"]);
        splits("``[1]", &[]);
        splits("```a`b\n[1]", &[]);
    }

    #[test]
    fn what_is_no_array_yields_nothing_more() {
        splits("Here: [1,2]", &[]);
        splits("{\"a\":[1]}", &[]);
        splits("[1,,2]", &["1"]);
        splits("[1}2,3]", &[]);
        splits("[1] [2]", &["1"]);
    }
}
