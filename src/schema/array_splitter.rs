//! Splits the text of an array into its elements while it arrives. Text that is not an
//! array gives no elements; the strict parser reports the error at the end.

/// Splits one array. One fence line before it is skipped.
#[derive(Debug, Default)]
pub struct ArraySplitter {
    state: State,
    /// The fence line, or the element so far.
    text: String,
    /// Open brackets within the element.
    depth: usize,
    string: bool,
    escaped: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Only white space has arrived.
    #[default]
    Start,
    Fence,
    /// After the fence line.
    Fenced,
    Elements,
    /// After the array, or the text is not an array.
    End,
}

impl ArraySplitter {
    /// Accepts the next piece of the text and appends the elements that it completes.
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

    /// Reads a fence line: three backticks, and no others up to the end of the line.
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
    fn elements_are_complete_with_any_text_in_them() {
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
    fn an_element_comes_with_its_comma_or_the_end() {
        let (mut splitter, mut elements) = (ArraySplitter::default(), Vec::new());
        splitter.push("[12", &mut elements);
        assert!(elements.is_empty());
        splitter.push("3,{\"a\":1}", &mut elements);
        assert_eq!(elements, ["123"]);
        splitter.push("]", &mut elements);
        assert_eq!(elements, ["123", "{\"a\":1}"]);
    }

    #[test]
    fn one_fence_line_is_skipped() {
        splits("```json\n[1,2]\n```", &["1", "2"]);
        splits("\n```\n[1]```", &["1"]);
        splits("``[1]", &[]);
        splits("```a`b\n[1]", &[]);
    }

    #[test]
    fn text_that_is_not_an_array_gives_no_more_elements() {
        splits("Here: [1,2]", &[]);
        splits("{\"a\":[1]}", &[]);
        splits("[1,,2]", &["1"]);
        splits("[1}2,3]", &[]);
        splits("[1] [2]", &["1"]);
    }
}
