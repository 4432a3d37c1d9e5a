//! Properties that are true for any bytes. Each function panics if its property is not;
//! the property tests and the fuzz targets of `tests/fuzz` call the same functions.

use std::path::{Path, PathBuf};

use airx::answer::{Accept, Answer, End, refused};
use airx::api::batch::OutputLine;
use airx::api::batch::{Batch, LINES_MAX, Page};
use airx::api::error_body;
use airx::cli::{Format, JsonAnswer, OfferArgs, RunArgs};
use airx::client::Transport;
use airx::digest::sha256;
use airx::error::Failure;
use airx::event::{Data, Event, Level, Sink};
use airx::exit::Class;
use airx::http::Next;
use airx::markdown::{self, Styling};
use airx::output::{Options, Printer, Which};
use airx::prompt::{self, Sources};
use airx::schema::{self, ArraySplitter, ExpectedJson, Schema};
use airx::secret::Scrubber;
use airx::settings::{Authorization, Cassette, Connection, Endpoint, Timeouts};
use airx::sse::{Parser, TooLong};
use airx::tools::ToolSetup;

/// Cuts `bytes` into pieces. `cuts` contains their lengths minus one, and is repeated.
pub fn pieces<'a>(bytes: &'a [u8], cuts: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut cuts = cuts.iter().cycle();
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = cuts.next().map_or(rest.len(), |cut| 1 + usize::from(*cut));
        let (piece, tail) = rest.split_at(length.min(rest.len()));
        rest = tail;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The event and the data of each frame.
pub type Frames = Vec<(Vec<u8>, Vec<u8>)>;

/// The frames of `bytes`, read in [`pieces`].
pub fn frames(bytes: &[u8], cuts: &[u8]) -> Frames {
    let (mut parser, mut frames) = (Parser::default(), Vec::new());
    for piece in pieces(bytes, cuts) {
        let fed: Result<(), TooLong> = parser.feed(piece, |frame| {
            frames.push((frame.event.to_vec(), frame.data.to_vec()));
            Ok(())
        });
        fed.unwrap();
    }
    frames
}

/// The parser returns the same frames however the bytes are cut.
pub fn sse(bytes: &[u8], cuts: &[u8]) {
    let complete = frames(bytes, &[]);
    assert_eq!(frames(bytes, cuts), complete);
    assert_eq!(frames(bytes, &[0]), complete, "byte by byte");
    for (event, data) in complete {
        assert!(!event.contains(&b'\n') && !event.contains(&b'\r'));
        assert!(!data.contains(&b'\r'));
    }
}

/// How a stream is printed.
#[derive(Debug, Clone)]
pub struct Way {
    pub format: Format,
    pub terminal: bool,
    pub reasoning: bool,
    pub extract: Option<&'static str>,
    pub render: Option<markdown::Options>,
}

/// What a printer wrote, and how the run ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Printed {
    pub out: String,
    pub err: String,
    pub failure: Option<String>,
}

/// Passes a stream's bytes through the parser, the answer and the printer.
pub fn printed(bytes: &[u8], cuts: &[u8], way: &Way) -> Printed {
    let options = Options {
        live: true,
        extract: way.extract.map(Which::parse),
        render: way.render,
        reasoning: way.reasoning,
        verbose: true,
        ..Options::bare(way.format, "stream")
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut printer = Printer::new(options, &mut out, way.terminal, &mut err);
    let (mut parser, mut answer) = (Parser::default(), Answer::default());
    answer.keep_text = true;
    let mut result: Result<(), Failure> = Ok(());
    for piece in pieces(bytes, cuts) {
        result = parser.feed(piece, |frame| answer.accept_frame(frame, &mut printer));
        if result.is_err() || answer.done {
            break;
        }
        printer.flush().unwrap();
    }
    let end = if result.is_ok() && !answer.done {
        parser.finish(|frame| answer.accept_frame(frame, &mut printer))
    } else {
        Ok(())
    };
    let end = end.and_then(|()| answer.finish(&mut printer));
    let result = result.and(end);
    let result = result.and_then(|()| answer.check(Accept::default(), End::Open));
    if let Err(failure) = &result {
        printer.note(Level::Warning, &failure.message);
        printer.note(Level::Verbose, &failure.hint.as_deref().unwrap_or_default());
        printer.note(Level::Withheld, &failure.message);
    }
    printer.flush().unwrap();
    drop(printer);
    let mut err = String::from_utf8(err).unwrap();
    if way.reasoning && way.format != Format::Text {
        // Each burst of events or payloads ends a line of reasoning, so ignore line ends.
        err.retain(|c| c != '\n');
    }
    Printed {
        out: String::from_utf8_lossy(&out).into_owned(),
        err,
        failure: result.err().map(|failure| failure.to_string()),
    }
}

/// All ways to print that can differ.
pub fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for format in [Format::Text, Format::Json, Format::Ndjson] {
        for terminal in [false, true] {
            for reasoning in [false, true] {
                let extract = None;
                ways.push(Way {
                    format,
                    terminal,
                    reasoning,
                    extract,
                    render: None,
                });
            }
        }
    }
    for how in RENDERINGS {
        ways.push(Way {
            format: Format::Text,
            terminal: how.styling == Styling::Plain,
            reasoning: false,
            extract: None,
            render: Some(how),
        });
    }
    for extract in ["first", "all", "last", "rust"] {
        let (format, extract) = (Format::Text, Some(extract));
        ways.push(Way {
            format,
            terminal: false,
            reasoning: false,
            extract,
            render: None,
        });
    }
    ways
}

/// The output does not depend on how the bytes are cut. It is safe for a terminal, and
/// `--format json` prints the server's own bytes.
pub fn printer(bytes: &[u8], cuts: &[u8]) {
    for way in ways() {
        let complete = printed(bytes, &[], &way);
        assert_eq!(printed(bytes, cuts, &way), complete, "{way:?}");
        no_control(&complete.err);
        if way.render.is_some() {
            no_control(&unstyled(&complete.out));
        } else if way.terminal {
            no_control(&complete.out);
        } else if way.format == Format::Json {
            untouched(bytes, &complete.out);
        } else if way.format == Format::Ndjson {
            for line in complete.out.lines() {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(event["type"].is_string(), "{line}");
            }
        }
    }
}

/// How texts are rendered: on terminals of several kinds and widths.
pub const RENDERINGS: [markdown::Options; 5] = [
    rendering(Styling::Plain, None),
    rendering(Styling::Shaped, Some(20)),
    rendering(Styling::Coloured, None),
    rendering(Styling::Coloured, Some(60)),
    markdown::Options {
        hyperlinks: true,
        ..rendering(Styling::Coloured, Some(60))
    },
];

pub const fn rendering(styling: Styling, width: Option<usize>) -> markdown::Options {
    markdown::Options {
        width,
        styling,
        hyperlinks: false,
    }
}

/// The rendered text without its styles. Checks that each style is closed before its line
/// ends.
pub fn unstyled(out: &str) -> String {
    let mut plain = String::new();
    for line in out.split_inclusive('\n') {
        let line = unlinked(line);
        let mut parts = line.split("\u{1b}[");
        plain.push_str(parts.next().unwrap());
        let mut open = false;
        for part in parts {
            let (codes, text) = part.split_once('m').unwrap();
            let known = |code: &str| ["0", "1", "2", "3", "4", "9", "35", "36"].contains(&code);
            assert!(codes.split(';').all(known), "{line:?}");
            open = codes != "0";
            plain.push_str(text);
        }
        assert!(!open, "a style is open at the end of {line:?}");
    }
    plain
}

/// A line without its links (OSC 8). Checks that the last link is closed.
fn unlinked(line: &str) -> String {
    let mut parts = line.split("\u{1b}]8;;");
    let mut plain = parts.next().unwrap().to_owned();
    let mut open = false;
    for part in parts {
        let (address, text) = part.split_once("\u{1b}\\").unwrap();
        open = !address.is_empty();
        plain.push_str(text);
    }
    assert!(!open, "a link is open at the end of {line:?}");
    plain
}

/// The output for an answer's text that arrives in pieces of these lengths.
pub fn rendered(text: &str, cuts: &[u8], render: Option<markdown::Options>) -> String {
    let options = Options {
        live: true,
        render,
        ..Options::bare(Format::Text, "stream")
    };
    let mut out = Vec::new();
    let mut printer = Printer::new(options, &mut out, true, Vec::new());
    let (mut cuts, mut chars) = (cuts.iter().cycle(), text.chars());
    loop {
        let length = cuts.next().map_or(usize::MAX, |cut| 1 + usize::from(*cut));
        let content: String = chars.by_ref().take(length).collect();
        if content.is_empty() {
            break;
        }
        let content = &content;
        printer.event(&Event::Delta { content }).unwrap();
        printer.flush().unwrap();
    }
    printer
        .data(Data::End)
        .and_then(|()| printer.flush())
        .unwrap();
    drop(printer);
    String::from_utf8(out).unwrap()
}

/// The output does not depend on how the text was cut, contains no character that a
/// terminal acts on, and has the letters of the text.
pub fn render(text: &str, cuts: &[u8]) {
    for how in RENDERINGS {
        let complete = rendered(text, &[], Some(how));
        assert_eq!(rendered(text, cuts, Some(how)), complete, "{how:?}");
        assert!(
            complete.is_empty() || complete.ends_with('\n'),
            "{complete:?}"
        );
        let said = unstyled(&complete);
        no_control(&said);
        if how.styling == Styling::Plain {
            assert_eq!(said, complete);
        }
        // All letters are shown in their order, unless LaTeX, a link, an entity or a
        // tag replaces some, or the rows of a table are wrapped.
        if how.width.is_none() && !text.contains(['$', '\\', '&', '[', '<']) {
            assert_eq!(letters(&said), letters(&rendered(text, &[], None)));
        }
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The text contains no character that a terminal acts on.
pub fn no_control(text: &str) {
    let acts = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(acts), "{text:?}");
}

/// `out` is the data of the first frames, one line for each frame.
fn untouched(bytes: &[u8], out: &str) {
    let data = frames(bytes, &[])
        .into_iter()
        .map(|(_, data)| String::from_utf8_lossy(&data).replace('\n', " "))
        .filter(|data| !data.is_empty());
    let lines: Vec<&str> = out.split_terminator('\n').collect();
    let first: Vec<String> = data.take(lines.len()).collect();
    assert_eq!(lines, first);
}

/// A body of any status is an answer or a failure.
pub fn reply(status: u16, body: &[u8]) {
    let report = error_body::read(status, body);
    assert!((1..=12).contains(&report.class.code()));
    let refused = refused(status, body);
    assert!(refused.message.chars().count() < 2000 + 8 * body.len().min(4096));
    if let Some(batch) = Batch::read(body) {
        assert!(!batch.id.is_empty() && !batch.status.is_empty());
        assert!(batch.span.is_none_or(|span| span.items <= LINES_MAX));
    }
    let _ = serde_json::from_slice::<Page<'_>>(body).map(|page| page.last());
    let _ = serde_json::from_slice::<OutputLine<'_>>(body);
    let mut answer = Answer::default();
    if answer.accept_body(body.to_vec()).is_ok() {
        assert_eq!(answer.body, body);
        let judged = answer.check(Accept::default(), End::Proper);
        let reason = answer.finish_reason.as_deref();
        let complete = matches!(reason, Some("stop" | "tool_calls"));
        let refused = matches!(&judged, Err(failure) if failure.class == Class::Blocked);
        assert!(judged.is_ok() <= complete && judged.is_ok() <= !answer.is_empty());
        assert!(judged.is_ok() || refused || !complete || answer.is_empty());
    }
}

/// If an answer's text is a JSON value, the output is the same value.
pub fn structure(text: &str) {
    let split = |pieces: &mut dyn Iterator<Item = String>| {
        let (mut splitter, mut elements) = (ArraySplitter::default(), Vec::new());
        pieces.for_each(|piece| splitter.push(&piece, &mut elements));
        elements
    };
    let elements = split(&mut std::iter::once(text.to_owned()));
    assert_eq!(split(&mut text.chars().map(String::from)), elements);
    let Ok(value) = schema::parse(text) else {
        return;
    };
    if let Some(items) = value.as_array() {
        let elements: Vec<_> = elements
            .iter()
            .map(|text| schema::parse_strict(text))
            .collect();
        let items: Vec<_> = items.iter().cloned().map(Ok).collect();
        assert_eq!(elements, items, "{text}");
    }
    let read = |args: JsonAnswer| {
        let expected = ExpectedJson::load(args, |_: &Path| Ok(String::new())).unwrap();
        expected.accept(text).ok()
    };
    for pretty in [false, true] {
        let accepted = read(JsonAnswer {
            pretty,
            ..JsonAnswer::default()
        });
        let accepted = accepted.expect("it is JSON");
        for written in accepted
            .lines
            .iter()
            .map(String::as_str)
            .chain([accepted.value.get()])
        {
            assert_eq!(schema::parse(written).unwrap(), value, "{written}");
        }
    }
    for pointer in ["", "/0", "/a", "/~1", "nonsense", "/a/b/0"] {
        let _ = read(JsonAnswer {
            select: vec![pointer.to_owned()],
            ..JsonAnswer::default()
        });
    }
    if let Ok(schema) = Schema::compile(&value, "x") {
        let _ = schema.violations(&value);
    }
}

/// Reading a short schema of `--fields` does not panic.
pub fn fields(text: &str) {
    let args = JsonAnswer {
        fields: Some(text.to_owned()),
        ..JsonAnswer::default()
    };
    let _ = ExpectedJson::load(args, |_| Ok(String::new()));
}

/// A schema, as JSON or for `--fields`, is refused with a short message, or reports with
/// short messages what is wrong with a value.
pub fn schema(schema: &str, value: &str) {
    let (mut args, fields) = (JsonAnswer::default(), !schema.starts_with('{'));
    *(if fields {
        &mut args.fields
    } else {
        &mut args.schema
    }) = Some(schema.to_owned());
    let wanted = match ExpectedJson::load(args, |_| Ok(String::new())) {
        Ok(wanted) => wanted,
        Err(failure) => {
            assert_eq!(failure.exit(), 2);
            let length = failure.message.chars().count();
            assert!(length < 1000 + schema.len(), "{}", failure.message);
            return;
        }
    };
    let Err(rejected) = wanted.accept(value) else {
        return;
    };
    assert!((1..=20).contains(&rejected.violations.len()));
    for error in &rejected.violations {
        let length = error.message.chars().count();
        assert!(length < 400 + schema.len(), "{}", error.message);
    }
}

/// A file of tools is refused, or its tools are objects that the API may get.
pub fn tools(text: &str) {
    let (mut offer, run) = (OfferArgs::default(), RunArgs::default());
    offer.tools = vec![PathBuf::from("t.json")];
    if let Ok(setup) = ToolSetup::load_files(offer, run, |_| Ok(text.to_owned()), true) {
        assert!(setup.toolbox.offered().count() > 0);
        for (_, tool) in setup.toolbox.offered() {
            let tool: serde_json::Value = serde_json::from_str(tool.get()).unwrap();
            assert!(
                tool["type"].is_string() && tool["command"].is_null(),
                "{tool}"
            );
        }
    }
}

fn sources() -> Sources {
    Sources {
        prompt: vec!["hi".into()],
        no_stdin: true,
        ..Sources::default()
    }
}

/// Earlier turns are refused, or sent before the prompt.
pub fn messages(folder: &Path, bytes: &[u8]) {
    let file = folder.join("messages");
    std::fs::write(&file, bytes).unwrap();
    let messages = Some(file);
    if let Ok(prompt) = prompt::Prompt::read(
        &Sources {
            messages,
            ..sources()
        },
        &mut |_| {},
    ) {
        let sent = serde_json::to_string(&prompt.messages).unwrap();
        assert!(!sent.contains('\n'), "{sent}");
        let sent: Vec<serde_json::Value> = serde_json::from_str(&sent).unwrap();
        assert_eq!(sent.last().unwrap()["content"], "hi");
    }
}

/// A session is refused and not changed, or extended after its complete lines.
pub fn session(folder: &Path, bytes: &[u8]) {
    let file = folder.join("session");
    std::fs::write(&file, bytes).unwrap();
    let session = Some(file.clone());
    let read = || {
        let session = session.clone();
        prompt::Prompt::read(
            &Sources {
                session,
                ..sources()
            },
            &mut |_| {},
        )
    };
    let Ok(prompt) = read() else {
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
        return;
    };
    let turn = r#"{"role":"assistant","content":"hello"}"#;
    prompt.session.unwrap().extend(turn).unwrap();
    // An incomplete last line is dropped; everything before it stays.
    let extended = std::fs::read(&file).unwrap();
    let lines: Vec<&[u8]> = extended.split_inclusive(|byte| *byte == b'\n').collect();
    let kept = lines[..lines.len() - 2].concat();
    let complete = [bytes, b"\n"].concat();
    assert!(
        complete.starts_with(&kept),
        "{:?}",
        bytes.escape_ascii().to_string()
    );
    let again = read().expect("what was extended can be read");
    assert_eq!(again.messages.len(), prompt.messages.len() + 2);
}

/// The scrubber removes a key in each of its forms.
pub fn scrub(key: &str, before: &str, form: &str, after: &str) {
    let mut scrubber = Scrubber::default();
    scrubber.hide_key(key);
    let clean = scrubber
        .scrub(&format!("{before}{form}{after}"))
        .into_owned();
    assert!(!clean.contains(form), "{form} is left in {clean}");
}

/// Notes and events with any text are safe on standard error.
pub fn words(text: &str) {
    for terminal in [false, true] {
        let way = Way {
            format: Format::Ndjson,
            terminal,
            reasoning: true,
            extract: None,
            render: None,
        };
        let options = Options {
            reasoning: true,
            verbose: true,
            ..Options::bare(way.format, "chat")
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut printer = Printer::new(options, &mut out, terminal, &mut err);
        for level in [Level::Always, Level::Warning, Level::Verbose] {
            printer.note(level, &text);
        }
        for content in text.split_inclusive('\r') {
            printer.event(&Event::Reasoning { content }).unwrap();
        }
        printer.event(&Event::Delta { content: text }).unwrap();
        printer.flush().unwrap();
        drop(printer);
        no_control(&String::from_utf8(err).unwrap());
        let out = String::from_utf8(out).unwrap();
        if terminal {
            no_control(&out);
        }
        let last = out.lines().last().unwrap();
        let event: serde_json::Value = serde_json::from_str(last).unwrap();
        assert!(terminal || event["content"] == text);
    }
}

/// The request body for which a recording is looked up.
const ASKED: &str = r#"{"model":"m"}"#;

fn replayer(folder: &Path) -> Transport {
    let endpoint = Endpoint {
        url: "http://127.0.0.1:1/v1".parse().unwrap(),
        provider: None,
        loopback: true,
    };
    Transport::new(Connection {
        endpoint,
        authorization: Authorization::None,
        headers: Vec::new(),
        proxy: None,
        cacert: None,
        timeouts: Timeouts::default(),
        retries: 0,
        max_in_flight: None,
        budget: None,
        cassette: Some(Cassette::Replay(folder.to_owned())),
    })
}

/// A file of `--replay` is refused, or has the same bytes at once and in pieces.
pub fn recording(folder: &Path, bytes: &[u8]) {
    let name = &sha256(format!("POST /chat/completions\n{ASKED}").as_bytes())[..16];
    std::fs::write(folder.join(format!("{name}-1.json")), bytes).unwrap();
    let complete = replayer(folder).complete(ASKED.into(), None);
    let mut replayer = replayer(folder);
    let streamed = replayer.stream(ASKED.into(), None);
    let (complete, (head, mut stream)) = match (complete, streamed) {
        (Ok(complete), Ok(streamed)) => (complete, streamed),
        (Err(one), Err(two)) => {
            assert_eq!((one.exit(), two.exit()), (2, 2));
            assert_eq!(one.message, two.message);
            return;
        }
        _ => panic!("one way refuses what the other takes"),
    };
    assert_eq!(complete.head.status, head.status);
    let mut body = Vec::new();
    let broken = loop {
        match stream.next(None) {
            Ok(Next::Bytes(bytes)) => body.extend_from_slice(bytes),
            Ok(_) => break None,
            Err(failure) => break Some(failure.message),
        }
    };
    assert_eq!(body, complete.body);
    assert_eq!(broken, complete.broken.map(|failure| failure.message));
    drop(stream);
    // A different request has no recording. The message may name the nearest one.
    let missed = replayer.complete(br#"{"model":[]}"#.to_vec(), None);
    assert_eq!(missed.unwrap_err().exit(), 13);
}

/// A value that no message may show.
pub const SECRET: &str = "5ecret-of-a-value";

/// A configuration is read without a panic. Each problem has a place in the text and a
/// message of one line that shows no value.
pub fn configuration(text: &str) {
    use airx::config::Config;
    let config = Config::of_text("config.toml".into(), text);
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in config.problems() {
        let line = lines[problem.place.line - 1];
        assert!(
            problem.place.column <= line.chars().count() + 1,
            "{problem:?}"
        );
        assert!(!problem.message.contains('\n'), "{problem:?}");
        assert!(!problem.message.contains(SECRET), "{problem:?}");
    }
    if config.problems().is_empty() {
        for command in ["chat", "json", "tools"] {
            let options = &mut airx::settings::AllOptions::default();
            airx::settings::merge_file(command, options, &config, &[]).unwrap();
        }
    }
}
